"""DMP, rules of TD2.1 about the CDA: its own conformity, and the metadata that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kit import cda
from kit.pki import TestPki
from kit.rules import Refusal
from kit.xds import Coded
from mocks.dmp import errors
from mocks.dmp.messages import ProvidedLot
from mocks.dmp.rules import Feeding, Policy, leniencies, remarks, submission
from tests.kit.cda_mutations import MUTATIONS
from tests.kit.documents import N1_TEMPLATE, unstructured
from tests.mocks.dmp.builders import (
    ARC,
    GATE,
    a_document,
    a_feeding,
    a_hospital,
    a_lot,
    an_entry,
    provided,
    with_entry,
)
from tests.mocks.dmp.conftest import Bench, codes_of, registry_response

RELATED = (
    '<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3"/></parentDocument>'
    "</relatedDocument>"
)
LETTER, SECOND = a_document(), a_document(2, related=RELATED)
PDF = a_document(3, template=N1_TEMPLATE, body=unstructured())
WHOLE = (LETTER, SECOND, PDF)
OTHER = Coded("X", "1.2.3")
RULES = (
    "the_realm_is_france",
    "the_type_id_is_that_of_cda_r2",
    "the_templates_of_the_header_are_declared",
    "the_id_is_an_oid",
    "the_type_is_in_its_value_set",
    "the_document_has_a_title",
    "the_time_of_the_document_has_a_zone",
    "a_time_of_day_has_a_zone",
    "the_confidentiality_is_n_r_or_v",
    "the_language_is_french",
    "the_versions_share_a_set_id",
    "the_version_is_a_number",
    "a_replacement_names_one_document",
    "the_document_is_about_one_patient",
    "a_name_of_the_patient_is_a_birth_name_or_a_used_one",
    "the_sex_is_in_its_value_set",
    "the_birth_date_is_stated",
    "an_ins_comes_with_the_strict_traits",
    "an_ins_has_the_shape_of_a_matricule",
    "an_author_states_when",
    "an_author_is_identified",
    "an_author_is_a_person_or_a_device",
    "the_profession_of_an_author_is_a_code",
    "an_organization_of_an_author_has_a_national_number",
    "the_custodian_is_identified",
    "the_legal_authenticator_is_there_and_identified",
    "the_legal_authenticator_signed_at_a_time",
    "civilities_and_titles_are_codes",
    "a_telecom_has_a_scheme",
    "the_principal_act_is_dated",
    "the_principal_act_has_a_performer",
    "the_principal_act_has_a_practice_setting",
    "the_document_belongs_to_one_stay",
    "the_kind_of_stay_is_in_its_value_set",
    "the_facility_is_in_its_value_set",
    "the_document_has_one_body",
    "an_unstructured_document_declares_that_it_is",
    "an_unstructured_body_states_its_media_type",
    "a_body_is_what_it_says",
    "a_structured_document_declares_the_model_of_its_type",
    "a_model_has_its_sections",
    "a_section_has_the_code_of_its_template",
)
# Spoilt by hand: the small documents have no place for the mutation.
BY_HAND = {
    "a_telecom_has_a_scheme": (b"<patient><name>", b'<telecom value="01"/><patient><name>'),
    "an_author_is_a_person_or_a_device": (
        b"<softwareName>Logiciel</softwareName>",
        b"<softwareName/>",
    ),
    "civilities_and_titles_are_codes": (
        b"<name><family>TESTEUR",
        b"<name><prefix>Monsieur</prefix><family>TESTEUR",
    ),
}


def spoilt(rule: str) -> bytes:
    """A document that breaks one rule, and perhaps others with it."""
    if rule in BY_HAND:
        return LETTER.replace(*BY_HAND[rule])
    ways = (mutation.on(content) for mutation in MUTATIONS if mutation.rule == rule
            for content in WHOLE)  # fmt: skip
    return next(filter(None, ways))


@pytest.fixture(scope="module")
def around(pki: TestPki) -> Feeding:
    return a_feeding(pki, policy=Policy(GATE, lot_signature="lenient"))


@pytest.fixture(scope="module")
def lot_of(pki: TestPki) -> Callable[[bytes], ProvidedLot]:
    def make(content: bytes) -> ProvidedLot:
        return provided(*a_lot(a_hospital(pki).sign, content))

    return make


def judged(lot: ProvidedLot, around: Feeding, **policy: str) -> list[Refusal]:
    return submission.findings(lot, replace(around, policy=replace(around.policy, **policy)))


def test_the_rules_of_a_cda_are_rules_of_the_lot() -> None:
    assert {row.name for row in cda.book.rows} == set(RULES)
    assert set(RULES) <= {row.name for row in submission.rows}


@pytest.mark.parametrize("content", WHOLE, ids=["letter", "replacing", "pdf"])
def test_a_conformant_document_is_accepted(
    lot_of: Callable[[bytes], ProvidedLot], around: Feeding, content: bytes
) -> None:
    assert judged(lot_of(content), around) == []
    assert leniencies(lot_of(content), Policy(GATE, cda_checks="warn")) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_document_that_breaks_a_rule_is_refused_noted_or_let_pass(
    lot_of: Callable[[bytes], ProvidedLot], around: Feeding, rule: str
) -> None:
    content = spoilt(rule)
    lot = lot_of(content)
    found = [item for item in judged(lot, around) if item.rule == rule]
    assert found
    assert {item.code for item in found} == {errors.CDA_NOT_CONFORMANT}
    assert {item.subject for item in found} == {lot.documents[0].entry.unique_id}
    assert all(item.field.startswith("ClinicalDocument/") for item in found)
    for choice in ("warn", "off"):
        passed = judged(lot, around, cda_checks=choice)
        assert rule not in {item.rule for item in passed}
    noted = leniencies(lot, Policy(GATE, cda_checks="warn"))
    assert any(rule.replace("_", " ") in remark for remark in noted)
    assert leniencies(lot, Policy(GATE, cda_checks="off")) == []


# Metadata that differ from the CDA: refused in strict, refused in lenient, always remarked.
DIFFERENCES: list[tuple[dict[str, Any], str, bool, bool]] = [
    ({"unique_id": f"{ARC}.77"}, "uniqueId", True, True),
    ({"type_code": Coded("34112-3", "2.16.840.1.113883.6.1")}, "typeCode", True, True),
    ({"language_code": "en-US"}, "languageCode", True, False),
    ({"practice_setting_code": Coded("HAD", "1.2.250.1.213.1.1.4.9")}, "practiceSettingCode",
     True, False),
    ({"healthcare_facility_type_code": Coded("SA02", "1.2.250.1.71.4.2.4")},
     "healthcareFacilityTypeCode", True, False),
    ({"confidentiality_codes": (Coded("R", "2.16.840.1.113883.5.25"),)}, "confidentialityCode",
     True, False),
    ({"source_patient_id": "7^^^&1.2&ISO^PI"}, "sourcePatientId", True, False),
    ({"source_patient_info": ("PID-5|AUTRE^ALIX",)}, "sourcePatientInfo", True, False),
    ({"title": "Autre"}, "title", False, False),
    ({"creation_time": "20260105103000"}, "creationTime", False, False),
    ({"service_start_time": "20260105103000"}, "serviceStartTime", False, False),
    ({"event_codes": (OTHER,)}, "eventCodeList", False, False),
    ({"reference_ids": ()}, "referenceIdList", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("change", "name", "strict", "lenient"), DIFFERENCES)
def test_a_difference_with_the_cda_is_refused_or_flagged_by_its_field(
    lot_of: Callable[[bytes], ProvidedLot],
    around: Feeding,
    change: dict[str, Any],
    name: str,
    strict: bool,
    lenient: bool,
) -> None:
    lot = with_entry(**change)(lot_of(LETTER))
    for choice, is_refused in (("strict", strict), ("lenient", lenient)):
        found = {
            item.field
            for item in judged(lot, around, cda_metadata=choice)
            if item.rule == "metadata_say_what_the_cda_says"
        }
        assert (name in found) is is_refused
        told = [*remarks(lot), *leniencies(lot, Policy(GATE, cda_metadata=choice))]
        assert any(f": {name} " in remark for remark in told) is not is_refused


def test_class_and_format_are_told_once_by_rules_of_their_own(
    lot_of: Callable[[bytes], ProvidedLot], around: Feeding
) -> None:
    lot = with_entry(class_code=OTHER, format_code=OTHER)(lot_of(LETTER))
    assert {item.rule for item in judged(lot, around)} == {
        "the_class_is_that_of_the_type",
        "the_format_is_that_of_the_model",
    }


def test_a_document_with_its_own_stylesheet_is_read_and_judged(bench: Bench) -> None:
    inner = LETTER.split(b"?>", 2)[2].replace(b'code="fr-FR"', b'code="en-US"')
    wrapped = (
        b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">'
        b'<xsl:variable name="cda">' + inner + b"</xsl:variable></xsl:stylesheet>"
    )
    assert an_entry(wrapped).mime_type == "application/xslt+xml"
    assert codes_of(bench.feed(wrapped)) == ["DMPSimCda"]
    assert bench.line.refusals[0]["rule"] == "the_language_is_french"


def test_what_is_only_noted_is_in_the_journal(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(dmp_cda_checks="warn", dmp_cda_metadata="lenient")
    content = spoilt("the_time_of_the_document_has_a_zone")
    entry = an_entry(content, language_code="en-US", title="Autre")
    assert registry_response(bench.feed(content, entries=(entry,))).accepted
    told = " ".join(bench.line.facts["lint"])
    for part in ("effectiveTime", "languageCode en-US", "title Autre", "fr-FR, as in the CDA"):
        assert part in told


def test_a_refusal_of_a_cda_can_be_repaired_from_the_answer_alone(bench: Bench) -> None:
    entry = an_entry(LETTER)
    answer = bench.feed(spoilt("the_facility_is_in_its_value_set"), entries=(entry,))
    error = registry_response(answer).errors[0]
    assert error.code == "DMPSimCda"
    for part in ("the facility is in its value set", "SA99", "one code of JDV_J02", "CI-SIS"):
        assert part in error.context
