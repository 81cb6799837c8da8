"""DMP, outside judges: the twelve published example documents, fed and read back.

The answer is read by the standard library (email, ElementTree), not by our own reader.
"""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from xml.etree import ElementTree

import pytest
from werkzeug.test import TestResponse

from kit.cda import read_header
from mocks.dmp import messages
from tests.mocks.dmp.builders import a_card_vihf, a_hospital_vihf
from tests.mocks.dmp.conftest import Bench, bench, fault_of, make_bench, pki, registry_response

__all__ = ["bench", "make_bench", "pki"]  # fixtures

XDS = "{urn:ihe:iti:xds-b:2007}"

# Document, level of its body, and the code it is refused with ("" when it is accepted).
DOCUMENTS = [
    ("ANEST-CR-CPA_2022.01", "N3", ""),
    ("BIO-CR-BIO_2024.01_Electrophorese", "N3", ""),
    ("BIO-CR-BIO_2024.01_Microbiologie_V1", "N3", ""),
    ("BIO-CR-BIO_2024.01_TSH_1", "N3", ""),
    ("DOC_NON_STRUCTURE_CDA-R2-N1", "N1", ""),
    ("IMG-DA-IMG_2024.01_Radiographie_Scanner_Genou", "N3", ""),
    ("IMG_CR_IMG_2024.01", "N3", ""),
    ("LDL-EES_2022.01", "N3", ""),
    ("LDL-SES_2022.01", "N3", ""),
    ("VSM_1.4_2022.01", "N3", ""),
    # Its patient has an INS under the OID of real ones: never on a test bench.
    ("eDISP-MED_2024.01", "N3", "DMPSimVihfPatient"),
    ("eP-MED-DM_2024.01_PosoStruct", "N3", ""),
]


def read(conformance: Path, name: str) -> tuple[bytes, str]:
    """The document, and the patient it is about as a VIHF names them."""
    content = (conformance / "cda" / "ExemplesCDA" / f"{name}.xml").read_bytes()
    ins = read_header(content).patient.ins
    assert ins is not None
    return content, ins.cx


def documents_of(answer: TestResponse) -> dict[str, bytes]:
    """uniqueId -> bytes of an ITI-43 answer, by the standard library alone."""
    head = f"MIME-Version: 1.0\r\nContent-Type: {answer.content_type}\r\n\r\n".encode()
    parts = list(BytesParser(policy=HTTP).parsebytes(head + answer.get_data()).iter_parts())
    root = ElementTree.fromstring(parts[0].get_payload(decode=True))
    by_id = {part["Content-ID"].strip("<>"): part.get_payload(decode=True) for part in parts[1:]}
    found = {}
    for response in root.iter(f"{XDS}DocumentResponse"):
        include = response.find(f"{XDS}Document")[0]
        content_id = include.get("href").removeprefix("cid:")
        found[response.findtext(f"{XDS}DocumentUniqueId")] = by_id[content_id]
    return found


@pytest.mark.parametrize(("name", "level", "code"), DOCUMENTS)
def test_an_official_document_is_accepted_and_given_back_or_refused_for_a_true_reason(
    bench: Bench, conformance: Path, name: str, level: str, code: str
) -> None:
    content, cx = read(conformance, name)
    answer = bench.feed(content, vihf=a_hospital_vihf(bench.pki, patient=cx))
    if code:
        seen, reason = fault_of(answer)
        assert (seen, "1.2.250.1.213.1.4.8" in reason) == (code, True)
        return
    assert registry_response(answer).errors == ()
    (facts,) = bench.line.facts["documents"]
    assert (facts["level"], facts["ins_qualified"]) == (level, True)
    retrieved = bench.send(
        messages.REPOSITORY,
        messages.write_retrieve([messages.DocumentRequest(facts["unique_id"])]),
        action=messages.ITI_43,
        vihf=a_card_vihf(bench.pki, patient=cx),
    )
    assert documents_of(retrieved) == {facts["unique_id"]: content}


def test_the_table_has_every_document(conformance: Path) -> None:
    folder = conformance / "cda" / "ExemplesCDA"
    assert {path.stem for path in folder.glob("*.xml")} == {name for name, _, _ in DOCUMENTS}


def test_the_real_ins_is_refused_even_when_the_vihf_names_a_test_one(
    bench: Bench, conformance: Path
) -> None:
    content, _ = read(conformance, "eDISP-MED_2024.01")
    assert not registry_response(bench.feed(content)).accepted
    assert [refusal["rule"] for refusal in bench.line.refusals] == [
        "the_patient_is_that_of_the_vihf",
        "a_name_of_the_patient_is_a_birth_name_or_a_used_one",  # it has a qualifier SP
    ]
