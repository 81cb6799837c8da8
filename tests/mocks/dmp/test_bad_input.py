"""What cannot be read and who may not speak: the answer of the protocol, one line, no effect."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from kit import mtom, soap
from kit.pki import CertificateFault, CertificateKind
from kit.vihf import AccessMode, Authentication, access, profession, write_vihf
from kit.vihf.wire import NAMES
from kit.xds.metadata import Submission
from kit.xml import NS, Element, find, find_all, parse, serialize
from mocks.dmp import messages
from tests.mocks.dmp.builders import (
    ARC,
    DOCTOR_ID,
    ENTITY,
    HOSPITAL,
    INS,
    NOW,
    OTHER_HOSPITAL,
    a_card,
    a_card_vihf,
    a_hospital,
    a_hospital_vihf,
    a_lot,
    a_vihf,
)
from tests.mocks.dmp.conftest import (
    BOUNDARY,
    Bench,
    codes_of,
    envelope_of,
    fault_of,
    registry_response,
)

Spoilt = tuple[Submission, Mapping[str, bytes]]
SOAP = f"{soap.SOAP_TYPE}; charset=UTF-8"


def a_feed(bench: Bench, vihf: Element | None = None) -> tuple[str, bytes]:
    """Content-Type and bytes of a right TD2.1."""
    body, attachments = messages.write_submission(*a_lot(a_hospital(bench.pki).sign))
    block = messages.write_security(a_hospital_vihf(bench.pki) if vihf is None else vihf)
    root = soap.write_envelope(body, action=messages.ITI_41, header_blocks=[block])
    return mtom.write_multipart(root, attachments, boundary=BOUNDARY)


def a_search(bench: Bench, vihf: Element | None) -> Any:
    return bench.send(
        messages.REGISTRY,
        messages.write_query(messages.get_documents("1.2.3")),
        action=messages.ITI_18,
        vihf=vihf,
    )


# What cannot be read.


def truncated(kind: str, body: bytes) -> tuple[str, bytes]:
    return kind, body[: len(body) // 2]


def without_a_part(kind: str, body: bytes) -> tuple[str, bytes]:
    parts = body.split(b"--" + BOUNDARY.encode())
    return kind, (b"--" + BOUNDARY.encode()).join([*parts[:2], *parts[3:]])


def as_text(_: str, body: bytes) -> tuple[str, bytes]:
    return "text/xml", body


def without_boundary(_: str, body: bytes) -> tuple[str, bytes]:
    return "multipart/related", body


def with_entities(_: str, __: bytes) -> tuple[str, bytes]:
    bomb = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
    return SOAP, bomb


def with_an_external_entity(_: str, __: bytes) -> tuple[str, bytes]:
    return SOAP, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'


def too_deep(_: str, __: bytes) -> tuple[str, bytes]:
    return SOAP, b"<a>" * 500 + b"</a>" * 500


def not_xml(_: str, __: bytes) -> tuple[str, bytes]:
    return SOAP, b"\x00\xff not XML"


def empty(_: str, __: bytes) -> tuple[str, bytes]:
    return SOAP, b""


def of_soap_1_1(_: str, body: bytes) -> tuple[str, bytes]:
    old = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'
    return SOAP, old


SPOILT = [
    (truncated, "truncated"),
    (without_a_part, "Content-ID"),
    (as_text, "Content-Type"),
    (without_boundary, "boundary"),
    (with_entities, "entity"),
    (with_an_external_entity, "entity"),
    (too_deep, "nested"),
    (not_xml, "not well-formed"),
    (empty, "not well-formed"),
    (of_soap_1_1, "SOAP 1.2"),
]


@pytest.mark.parametrize(("spoil", "why"), SPOILT)
def test_what_cannot_be_read_is_a_fault(
    bench: Bench, spoil: Callable[[str, bytes], tuple[str, bytes]], why: str
) -> None:
    kind, body = spoil(*a_feed(bench))
    _, reason = fault_of(bench.post(messages.REPOSITORY, body, kind))
    assert why in reason
    (line,) = bench.lines()
    assert line.outcome == "malformed"
    assert registry_response(bench.feed()).accepted


def test_what_is_too_large_is_refused_before_it_is_read(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(max_body_bytes=1000)
    kind, body = a_feed(bench)
    answer = bench.post(messages.REPOSITORY, body, kind)
    assert answer.status_code == 413
    assert "1000 bytes" in fault_of(answer)[1]
    assert bench.line.outcome == "malformed"


def test_an_unknown_body_is_a_fault(bench: Bench) -> None:
    answer = bench.send(
        messages.REGISTRY, parse(b"<Nothing/>"), action="urn:none", vihf=a_card_vihf(bench.pki)
    )
    code, reason = fault_of(answer)
    assert (code, "Nothing" in reason) == ("DMPSimMalformed", True)
    assert (bench.line.transaction, bench.line.outcome) == ("?", "malformed")


def test_a_transaction_of_another_path_is_unknown_here(bench: Bench) -> None:
    query = messages.write_query(messages.get_documents("1.2.3"))
    answer = bench.send(
        messages.REPOSITORY, query, action=messages.ITI_18, vihf=a_card_vihf(bench.pki)
    )
    assert fault_of(answer)[0] == "DMPSimMalformed"


def test_a_fault_is_soap_1_2_with_the_code_below_sender(bench: Bench) -> None:
    answer = a_search(bench, None)
    body = envelope_of(answer).body
    value = find(body, "soap:Code/soap:Value")
    assert value is not None
    assert (answer.status_code, value.text) == (500, "soap:Sender")
    assert answer.content_type.startswith("application/soap+xml")


# Who may not speak.


def unsigned(bench: Bench) -> Element:
    vihf = a_hospital_vihf(bench.pki)
    signature = find(vihf, "ds:Signature")
    assert signature is not None
    vihf.remove(signature)
    return vihf


def altered(bench: Bench) -> Element:
    return parse(serialize(a_hospital_vihf(bench.pki)).replace(b"LOGICIEL", b"LOGICIAL"))


def signed_for_tls(bench: Bench) -> Element:
    auth = a_hospital(bench.pki).auth
    return write_vihf(a_vihf(auth), auth)


def of_another_authority(bench: Bench) -> Element:
    stranger = bench.pki.issue(
        CertificateKind.ORG_SIGN,
        common_name=HOSPITAL.name,
        organization=HOSPITAL.name,
        struct_idnat=ENTITY,
        department=HOSPITAL.department,
        fault=CertificateFault.OTHER_AUTHORITY,
    )
    return write_vihf(a_vihf(stranger), stranger)


def of_another_structure(bench: Bench) -> Element:
    return a_hospital_vihf(bench.pki, structure=f"1{OTHER_HOSPITAL.finess_eg}")


def with_an_attribute_nobody_signed(bench: Bench) -> Element:
    vihf = a_hospital_vihf(bench.pki)
    statement = find(vihf, "saml2:AttributeStatement")
    assert statement is not None
    statement.append(copy.deepcopy(statement[-1]))
    statement[-1].set("Name", NAMES["confidentiality"])
    return vihf


def wrapped(bench: Bench) -> Element:
    """A forged assertion that carries the signed one inside its signature."""
    signed = a_hospital_vihf(bench.pki)
    forged = copy.deepcopy(signed)
    forged.set("ID", "_evil")
    name = find(forged, "saml2:Subject/saml2:NameID")
    signature = find(forged, "ds:Signature")
    assert name is not None
    assert signature is not None
    name.text = DOCTOR_ID
    etree.SubElement(signature, f"{{{NS['ds']}}}Object").append(signed)
    return forged


def too_old(bench: Bench) -> Element:
    return a_hospital_vihf(bench.pki, issued_at=NOW - timedelta(hours=2))


def of_a_real_patient(bench: Bench) -> Element:
    return a_hospital_vihf(bench.pki, patient=INS.cx.replace(".4.10", ".4.8"))


def in_an_invented_mode(bench: Bench) -> Element:
    urgent = access(AccessMode.NORMAL)
    return a_hospital_vihf(bench.pki, purpose=type(urgent)("urgence", urgent.system))


def without_specialty(bench: Bench) -> Element:
    return a_hospital_vihf(bench.pki, roles=(profession("10"),))


def of_someone_else(bench: Bench) -> Element:
    card = a_card(bench.pki)
    other = a_vihf(card, name_id="899900000001", authentication=Authentication.DIRECT)
    return write_vihf(other, card)


UNAUTHORIZED = [
    (unsigned, "DMPSimVihfSignature"),
    (altered, "DMPSimVihfSignature"),
    (with_an_attribute_nobody_signed, "DMPSimVihfSignature"),
    (wrapped, "DMPSimVihfSignature"),
    (signed_for_tls, "DMPInvalidCertificate"),
    (of_another_authority, "DMPInvalidCertificate"),
    (of_another_structure, "DMPSimStructureMismatch"),
    (too_old, "DMPSimVihfExpired"),
    (of_a_real_patient, "DMPSimVihfPatient"),
    (in_an_invented_mode, "DMPSimVihfAttribute"),
    (without_specialty, "DMPSimVihfAttribute"),
    (of_someone_else, "DMPSimCallerMismatch"),
    (lambda _: None, "DMPSimVihfMissing"),
]


@pytest.mark.parametrize(("make", "code"), UNAUTHORIZED)
def test_a_wrong_vihf_is_a_fault(
    bench: Bench, make: Callable[[Bench], Element | None], code: str
) -> None:
    seen, reason = fault_of(a_search(bench, make(bench)))
    assert seen == code, reason
    (line,) = bench.lines()
    assert (line.outcome, line.transaction) == ("unauthorized", "TD3.1")
    assert code in line.codes
    assert line.refusals[0]["rule"]


def test_a_feed_with_an_altered_vihf_keeps_nothing(bench: Bench) -> None:
    kind, body = a_feed(bench, altered(bench))
    assert fault_of(bench.post(messages.REPOSITORY, body, kind))[0] == "DMPSimVihfSignature"
    assert registry_response(bench.feed()).accepted


def test_two_assertions_in_a_header_are_malformed(bench: Bench) -> None:
    """Wrapping: the signed one beside a forged one; which of them speaks would be a guess."""
    signed = a_hospital_vihf(bench.pki)
    forged = copy.deepcopy(signed)
    forged.set("ID", "_evil")
    query = messages.write_query(messages.get_documents("1.2.3"))
    block = messages.write_security(signed)
    block.append(forged)
    root = soap.write_envelope(query, action=messages.ITI_18, header_blocks=[block])
    assert fault_of(bench.post(messages.REGISTRY, root, SOAP))[0] == "DMPSimMalformed"
    assert bench.line.outcome == "malformed"


# The signature of the lot.


def without_the_signature(bench: Bench) -> Spoilt:
    submission, contents = a_lot(a_hospital(bench.pki).sign)
    kept = tuple(item for item in submission.documents if not item.is_signature)
    del contents["Signature01"]
    return replace(submission, documents=kept), contents


def of_another_document(bench: Bench) -> Spoilt:
    submission, contents = a_lot(a_hospital(bench.pki).sign)
    return submission, contents | {"Document01": contents["Document01"] + b"<!-- more -->"}


def of_another_lot(bench: Bench) -> Spoilt:
    submission, contents = a_lot(a_hospital(bench.pki).sign)
    _, others = a_lot(a_hospital(bench.pki).sign, number=2)
    return submission, contents | {"Signature01": others["Signature01"]}


def with_the_manifest_twice(bench: Bench) -> Spoilt:
    """Wrapping: a second manifest under the same Id, about other bytes."""
    submission, contents = a_lot(a_hospital(bench.pki).sign)
    root = parse(contents["Signature01"])
    manifest = find(root, ".//ds:Manifest")
    assert manifest is not None
    copied = copy.deepcopy(manifest)
    digest = find_all(copied, "ds:Reference/ds:DigestValue")[-1]
    digest.text = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    etree.SubElement(root, f"{{{NS['ds']}}}Object").append(copied)
    return submission, contents | {"Signature01": serialize(root)}


def by_the_key_of_authentication(bench: Bench) -> Spoilt:
    return a_lot(a_hospital(bench.pki).auth)


@pytest.mark.parametrize(
    "spoil",
    [
        without_the_signature,
        of_another_document,
        of_another_lot,
        with_the_manifest_twice,
        by_the_key_of_authentication,
    ],
)
def test_a_lot_with_a_wrong_signature_is_refused_whole(
    bench: Bench, spoil: Callable[[Bench], Spoilt]
) -> None:
    body, attachments = messages.write_submission(*spoil(bench))
    answer = bench.send(
        messages.REPOSITORY,
        body,
        action=messages.ITI_41,
        vihf=a_hospital_vihf(bench.pki),
        attachments=attachments,
    )
    assert "DMPSimLotSignature" in codes_of(answer)
    assert "the_lot_is_signed" in {item["rule"] for item in bench.line.refusals}
    assert bench.find(messages.get_documents(f"{ARC}.1"))[1].references == ()


def test_an_assertion_that_cannot_be_read_is_malformed(bench: Bench) -> None:
    vihf = a_hospital_vihf(bench.pki)
    vihf.set("IssueInstant", "yesterday")
    assert fault_of(a_search(bench, vihf))[0] == "DMPSimMalformed"
    assert bench.line.outcome == "malformed"


def test_the_plain_listener_may_be_lenient_the_tls_one_never(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(dmp_require_vihf="lenient")
    assert a_search(bench, unsigned(bench)).status_code == 200
    code, told = fault_of(a_search(bench, None))[:2]
    assert code == "DMPSimVihfMissing"
    assert "Header/Security/Assertion" in told
    query = messages.write_query(messages.get_documents("1.2.3"))
    answer = bench.send(
        messages.REGISTRY,
        query,
        action=messages.ITI_18,
        vihf=unsigned(bench),
        **_mutual(a_hospital(bench.pki).auth.certificate_der),
    )
    assert fault_of(answer)[0] == "DMPSimVihfSignature"


def _mutual(der: bytes) -> dict[str, Any]:
    return {"banc.listener": "mtls", "banc.peer_der": der}


def test_the_certificate_of_the_connection_is_of_the_same_structure(bench: Bench) -> None:
    def search(der: bytes, vihf: Element) -> Any:
        query = messages.write_query(messages.get_documents("1.2.3"))
        return bench.send(
            messages.REGISTRY, query, action=messages.ITI_18, vihf=vihf, **_mutual(der)
        )

    own = a_hospital(bench.pki).auth.certificate_der
    other = bench.pki.establishment(OTHER_HOSPITAL).auth.certificate_der
    assert search(own, a_hospital_vihf(bench.pki)).status_code == 200
    assert bench.line.listener == "mtls"
    code, reason = fault_of(search(other, a_hospital_vihf(bench.pki)))
    assert (code, "TLS certificate OU" in reason) == ("DMPSimStructureMismatch", True)
    card = a_card(bench.pki, CertificateKind.PS_AUTH).certificate_der
    assert search(card, a_card_vihf(bench.pki)).status_code == 200
    assert DOCTOR_ID in a_vihf(a_card(bench.pki)).issuer
