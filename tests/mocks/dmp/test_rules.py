"""Rules of TD2.1: a valid lot, and each way to spoil it. A dict plays the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kit import cda
from kit.cda import Identifier, RelatedDocument
from kit.identity import Ins
from kit.pki import TestPki
from kit.rules import Code
from kit.world import DmpRecord
from kit.xds import replacement_of, vocabulary
from kit.xds.metadata import Coded
from kit.xds.tables import FORMAT_SYSTEM_FR, LOINC, VISIBILITY_SYSTEM
from mocks.dmp import errors
from mocks.dmp.messages import ProvidedLot, read_document
from mocks.dmp.rules import Feeding, Policy, Standing, is_qualified, remarks, submission
from mocks.dmp.rules.rights import User
from tests.mocks.dmp.builders import (
    ARC,
    GATE,
    INS,
    Known,
    a_document,
    a_feeding,
    a_hospital,
    a_lot,
    a_user,
    an_author,
    an_entry,
    provided,
    with_entry,
)

OTHER_INS = Ins.of("1790351215189", INS.oid)


@pytest.fixture(scope="module")
def lot(pki: TestPki) -> ProvidedLot:
    return provided(*a_lot(a_hospital(pki).sign))


@pytest.fixture(scope="module")
def around(pki: TestPki) -> Feeding:
    return a_feeding(pki)


def refused(lot: ProvidedLot, around: Feeding) -> set[tuple[str, Code]]:
    return {(found.rule, found.code) for found in submission.findings(lot, around)}


def with_lot(**changes: Any) -> Callable[[ProvidedLot], ProvidedLot]:
    def spoil(lot: ProvidedLot) -> ProvidedLot:
        changed = replace(lot.submission.lot, **changes)
        return replace(lot, submission=replace(lot.submission, lot=changed))

    return spoil


def with_cda(**changes: Any) -> Callable[[ProvidedLot], ProvidedLot]:
    """Another document in place of the first, same entry."""

    def spoil(lot: ProvidedLot) -> ProvidedLot:
        first = lot.documents[0]
        assert first.cda is not None
        header = first.cda.header
        patient = replace(header.patient, **changes.pop("patient", {}))
        read = replace(first.cda, header=replace(header, patient=patient, **changes))
        return replace(lot, documents=(replace(first, cda=read),))

    return spoil


def without(kind: str) -> Callable[[ProvidedLot], ProvidedLot]:
    def spoil(lot: ProvidedLot) -> ProvidedLot:
        links = tuple(link for link in lot.submission.associations if link.kind != kind)
        return replace(lot, submission=replace(lot.submission, associations=links))

    return spoil


def with_signature(**changes: Any) -> Callable[[ProvidedLot], ProvidedLot]:
    def spoil(lot: ProvidedLot) -> ProvidedLot:
        assert lot.signature is not None
        return replace(lot, signature=replace(lot.signature, **changes))

    return spoil


def replacing(target: str) -> Callable[[ProvidedLot], ProvidedLot]:
    def spoil(lot: ProvidedLot) -> ProvidedLot:
        link = replacement_of(lot.documents[0].entry, target)
        links = (*lot.submission.associations, link)
        return replace(lot, submission=replace(lot.submission, associations=links))

    return spoil


def same(lot: ProvidedLot) -> ProvidedLot:
    return lot


MASKED, INVISIBLE = (Coded(c, VISIBILITY_SYSTEM) for c in ("MASQUE_PS", "INVISIBLE_PATIENT"))
KEPT_BACK = Coded("INVISIBLE_REPRESENTANTS_LEGAUX", VISIBILITY_SYSTEM)
NORMAL = Coded("N", "2.16.840.1.113883.5.25")
APPROVED = an_entry(a_document(5), "urn:uuid:old", availability_status=vocabulary.APPROVED)
PARENT = RelatedDocument("RPLC", Identifier(APPROVED.unique_id))
OTHER_PARENT = RelatedDocument("RPLC", Identifier("1.2.250.1.999.404"))
OLD = replace(APPROVED, availability_status=vocabulary.DEPRECATED)
OF_ANOTHER = replace(APPROVED, patient_id=OTHER_INS)
LETTER = Coded("11490-0", LOINC)

BLOCKED = a_user(User.DOCTOR, standing=Standing("INTERDITE"))

# How the lot is spoilt, how its surroundings are, the rule that refuses, with which code.
REFUSED: list[tuple[Any, dict[str, Any], str, Code]] = [
    (same, {"user": a_user(User.STRONG_DOCTOR)}, "the_user_may_feed", errors.FORBIDDEN),
    (same, {"user": BLOCKED}, "the_professional_is_not_blocked", errors.BLOCKED),
    (
        same,
        {"user": a_user(User.EMPLOYEE, access_mode="centre_15")},
        "the_user_may_feed",
        errors.FORBIDDEN,
    ),
    (
        same,
        {"user": a_user(access_mode="bris_de_glace")},
        "the_user_may_feed",
        errors.FORBIDDEN,
    ),
    (
        with_lot(patient_id=Ins(INS.matricule, "1.2.250.1.213.1.4.8")),
        {"record": None},
        "the_patient_is_fictitious",
        errors.NOT_FICTITIOUS,
    ),
    (same, {"record": None}, "the_patient_has_a_record", errors.UNKNOWN_PATIENT),
    (same, {"record": DmpRecord("none")}, "the_patient_has_a_record", errors.UNKNOWN_PATIENT),
    (same, {"record": DmpRecord("closed")}, "the_record_is_open", errors.DMP_CLOSED),
    (
        same,
        {"record": DmpRecord("open", opposed_to_feeding=True)},
        "the_patient_is_not_opposed",
        errors.FEEDING_OPPOSED,
    ),
    (
        same,
        {"user": a_user(patient_id=OTHER_INS)},
        "the_patient_is_that_of_the_vihf",
        errors.PATIENT_ID_DOES_NOT_MATCH,
    ),
    (
        with_entry(patient_id=OTHER_INS),
        {},
        "one_lot_is_about_one_patient",
        errors.PATIENT_ID_DOES_NOT_MATCH,
    ),
    (
        with_cda(patient={"birth_name": ""}),
        {},
        "a_document_carries_a_qualified_ins",
        errors.INS_NOT_QUALIFIED,
    ),
    (
        with_cda(patient={"ids": ()}),
        {},
        "a_document_carries_a_qualified_ins",
        errors.INS_NOT_QUALIFIED,
    ),
    (lambda lot: replace(lot, documents=()), {}, "a_lot_has_a_document", errors.METADATA),
    (
        lambda lot: replace(lot, documents=(replace(lot.documents[0], content=None),)),
        {},
        "an_entry_has_its_document",
        errors.MISSING_DOCUMENT,
    ),
    (
        lambda lot: replace(lot, orphans=("document01",)),
        {},
        "a_document_has_its_entry",
        errors.MISSING_METADATA,
    ),
    (with_entry(title=""), {}, "what_is_required_is_there", errors.METADATA),
    (with_entry(authors=()), {}, "what_is_required_is_there", errors.METADATA),
    (with_lot(source_id=""), {}, "what_is_required_is_there", errors.METADATA),
    (with_entry(hash="00" * 20), {}, "hash_and_size_are_those_of_the_bytes", errors.METADATA),
    (with_entry(size_bytes=1), {}, "hash_and_size_are_those_of_the_bytes", errors.METADATA),
    (with_entry(creation_time="20260105103000+0100"), {}, "times_are_utc", errors.METADATA),
    (
        with_entry(unique_id=f"{ARC}.1^7"),
        {},
        "a_unique_id_is_an_oid_without_extension",
        errors.METADATA,
    ),
    (
        with_lot(unique_id="urn:uuid:1"),
        {},
        "a_unique_id_is_an_oid_without_extension",
        errors.METADATA,
    ),
    (
        with_entry(type_code=Coded("99999-9", LOINC)),
        {},
        "codes_are_in_their_value_sets",
        errors.METADATA,
    ),
    (
        with_entry(practice_setting_code=Coded("CARDIO", "1.2.250.1.213.1.1.4.9")),
        {},
        "codes_are_in_their_value_sets",
        errors.METADATA,
    ),
    (
        with_lot(content_type_code=Coded("99", "1.2.250.1.213.2.2")),
        {},
        "codes_are_in_their_value_sets",
        errors.METADATA,
    ),
    (
        with_entry(class_code=Coded("31", "1.2.250.1.213.1.1.4.1")),
        {},
        "the_class_is_that_of_the_type",
        errors.METADATA,
    ),
    (
        with_entry(format_code=Coded("urn:none", FORMAT_SYSTEM_FR)),
        {},
        "the_format_is_that_of_the_model",
        errors.METADATA,
    ),
    (
        with_entry(format_code=Coded("urn:asip:ci-sis:vsm:2012", FORMAT_SYSTEM_FR)),
        {},
        "the_format_is_that_of_the_model",
        errors.METADATA,
    ),
    (
        with_entry(format_code=Coded("urn:asip:ci-sis:ldl-ses:2017", "1.2.3")),
        {},
        "the_format_is_that_of_the_model",
        errors.METADATA,
    ),
    (
        with_entry(confidentiality_codes=(NORMAL, MASKED, INVISIBLE)),
        {},
        "confidentiality_codes_are_right",
        errors.METADATA,
    ),
    (
        with_entry(confidentiality_codes=(NORMAL,) * 5),
        {},
        "confidentiality_codes_are_right",
        errors.METADATA,
    ),
    (
        with_entry(confidentiality_codes=(Coded("SECRET", VISIBILITY_SYSTEM),)),
        {},
        "confidentiality_codes_are_right",
        errors.METADATA,
    ),
    (
        lambda lot: replace(lot, documents=(replace(lot.documents[0], cda=None, unreadable="no"),)),
        {},
        "a_document_is_a_readable_cda",
        errors.METADATA,
    ),
    (
        lambda lot: with_cda(id=replace(lot.documents[0].header.id, extension="7"))(lot),
        {},
        "a_cda_id_has_no_extension",
        errors.METADATA,
    ),
    (
        lambda lot: replacing("urn:uuid:old")(with_cda(related_documents=(OTHER_PARENT,))(lot)),
        {"known": Known(entries={"urn:uuid:old": APPROVED})},
        "what_is_replaced_is_what_the_cda_names",
        errors.METADATA,
    ),
    (
        with_cda(code=Coded("18748-4", LOINC)),
        {},
        "metadata_say_what_the_cda_says",
        errors.METADATA,
    ),
    (
        with_lot(authors=(an_author("1990000016"),)),
        {},
        "an_author_institution_is_that_of_the_vihf",
        errors.AUTHOR_INSTITUTION,
    ),
    (
        without(vocabulary.HAS_MEMBER),
        {},
        "every_entry_is_a_member_of_the_lot",
        errors.METADATA,
    ),
    (lambda lot: replace(lot, signature=None), {}, "the_lot_is_signed", errors.LOT_SIGNATURE),
    (without(vocabulary.SIGNS), {}, "the_lot_is_signed", errors.LOT_SIGNATURE),
    (with_signature(content=b"<a/>"), {}, "the_lot_is_signed", errors.LOT_SIGNATURE),
    (
        lambda lot: replace(lot, documents=(read_document(lot.documents[0].entry, a_document(3)),)),
        {},
        "the_lot_is_signed",
        errors.LOT_SIGNATURE,
    ),
    (
        same,
        {"known": Known(lots=(f"{ARC}.9.1",))},
        "a_unique_id_is_used_once",
        errors.DUPLICATE_UNIQUE_ID,
    ),
    (
        lambda lot: replace(lot, documents=lot.documents * 2),
        {},
        "a_unique_id_is_used_once",
        errors.DUPLICATE_UNIQUE_ID,
    ),
    (
        same,
        {"known": Known(hashes={f"{ARC}.1": "bb"})},
        "a_document_never_changes",
        errors.NON_IDENTICAL_HASH,
    ),
    (
        replacing("urn:uuid:nowhere"),
        {},
        "what_is_replaced_is_known",
        errors.UNRESOLVED_REFERENCE,
    ),
    (
        replacing("urn:uuid:old"),
        {"known": Known(entries={"urn:uuid:old": OF_ANOTHER})},
        "what_is_replaced_is_known",
        errors.UNRESOLVED_REFERENCE,
    ),
    (
        replacing("urn:uuid:old"),
        {"known": Known(entries={"urn:uuid:old": OLD})},
        "what_is_replaced_is_approved",
        errors.DEPRECATED,
    ),
    (
        same,
        {"user": a_user(secret="V", standing=Standing(are_minors_judged=True))},
        "a_secret_connection_is_for_a_minor",
        errors.MINOR,
    ),
    (
        with_entry(confidentiality_codes=(NORMAL, KEPT_BACK)),
        {"user": a_user(standing=Standing(are_minors_judged=True))},
        "only_a_minor_has_representatives",
        errors.MINOR,
    ),
]

# How the lot and its surroundings are changed and still accepted.
ACCEPTED: list[tuple[Any, dict[str, Any]]] = [
    (same, {}),
    (same, {"user": a_user(User.DOCTOR)}),
    (same, {"user": a_user(User.EMPLOYEE)}),
    (same, {"user": a_user(User.DOCTOR, standing=Standing("ABSENTE"))}),
    (same, {"user": a_user(access_mode="centre_15")}),
    (
        with_cda(patient={"birth_name": ""}),
        {"now": datetime(2023, 9, 30, tzinfo=UTC), "policy": Policy(GATE, cda_checks="off")},
    ),
    (
        with_entry(confidentiality_codes=(NORMAL, MASKED, INVISIBLE)),
        {"policy": Policy(GATE, visibility_cumul=True)},
    ),
    (with_entry(confidentiality_codes=(NORMAL, MASKED)), {}),
    (lambda lot: replace(lot, signature=None), {"policy": Policy(GATE, lot_signature="lenient")}),
    (replacing("urn:uuid:old"), {"known": Known(entries={"urn:uuid:old": APPROVED})}),
    (
        lambda lot: replacing("urn:uuid:old")(with_cda(related_documents=(PARENT,))(lot)),
        {"known": Known(entries={"urn:uuid:old": APPROVED})},
    ),
    (
        lambda lot: replacing("urn:uuid:old")(with_cda(related_documents=(OTHER_PARENT,))(lot)),
        {
            "known": Known(entries={"urn:uuid:old": APPROVED}),
            "policy": Policy(GATE, cda_metadata="lenient"),
        },
    ),
    (
        lambda lot: with_entry(hash=lot.documents[0].hash.upper(), size_bytes=None)(lot),
        {},
    ),
]


@pytest.mark.parametrize(("spoil", "changes", "rule", "code"), REFUSED)
def test_each_rule_refuses(
    lot: ProvidedLot, around: Feeding, spoil: Any, changes: dict[str, Any], rule: str, code: Code
) -> None:
    assert (rule, code) in refused(spoil(lot), replace(around, **changes))


@pytest.mark.parametrize(("spoil", "changes"), ACCEPTED)
def test_what_is_right_is_accepted(
    lot: ProvidedLot, around: Feeding, spoil: Any, changes: dict[str, Any]
) -> None:
    assert refused(spoil(lot), replace(around, **changes)) == set()


def test_every_rule_has_a_row_that_refuses() -> None:
    of_a_cda = {row.name for row in cda.book.rows}  # test_rules_cda
    own = {row.name for row in submission.rows} - of_a_cda
    assert own == {rule for _, _, rule, _ in REFUSED}


def test_all_refusals_come_together_in_the_order_of_the_book(
    lot: ProvidedLot, around: Feeding
) -> None:
    spoilt = with_entry(title="", language_code="")(replace(lot, signature=None))
    found = submission.findings(spoilt, replace(around, record=DmpRecord("closed")))
    assert [(item.rule, item.field) for item in found] == [
        ("the_record_is_open", "patientId"),
        ("what_is_required_is_there", "title"),
        ("what_is_required_is_there", "languageCode"),
        ("the_lot_is_signed", "ExtrinsicObject E1762"),
    ]
    assert all(item.source and item.subject for item in found)


def test_a_dead_hash_twice_is_a_duplicate_and_another_hash_is_a_change(
    lot: ProvidedLot, around: Feeding
) -> None:
    known = Known(hashes={f"{ARC}.1": lot.documents[0].hash})
    assert refused(lot, replace(around, known=known)) == {
        ("a_unique_id_is_used_once", errors.DUPLICATE_UNIQUE_ID)
    }


def test_a_wrong_key_makes_the_ins_unqualified(lot: ProvidedLot) -> None:
    assert is_qualified(lot.documents[0])
    wrong_key = Identifier(INS.oid, INS.number + "00")
    wrong = with_cda(patient={"ids": (wrong_key,)})(lot)
    assert not is_qualified(wrong.documents[0])


def test_local_time_sent_as_utc_is_accepted_and_remarked(lot: ProvidedLot, around: Feeding) -> None:
    local = with_entry(creation_time="20260105103000")(lot)
    assert refused(local, around) == set()
    assert remarks(lot) == []
    (remark,) = remarks(local)
    assert "20260105093000 UTC" in remark
