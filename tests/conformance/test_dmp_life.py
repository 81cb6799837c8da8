"""DMP, outside judges: the whole life of every published document, through the project's client.

Fed with derived metadata, found, given back byte for byte, replaced, deleted. The documents are
those of the folder: others may be put there. What is refused is refused for a reason of its INS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from flask import Flask
from lxml import etree

from kit.cda import read_header
from kit.identity import TEST_OID, Ins
from kit.settings import from_env
from kit.xds import vocabulary
from mocks.dmp import messages
from simulator.delivery import Attempt, Outcome, Stamp
from simulator.delivery.dmp import DmpClient
from simulator.delivery.sender import Sender, Software
from simulator.delivery.wire import Wire
from simulator.streams import Streams
from tests.conformance.test_dmp_official import documents_of
from tests.conftest import ROOT
from tests.mocks.dmp.builders import ARC, HOSPITAL, NOW, WORLD, a_card_vihf
from tests.mocks.dmp.conftest import Bench, bench, make_bench, pki

__all__ = ["bench", "make_bench", "pki"]  # fixtures

EXAMPLES = ROOT / from_env().conformance_dir / "cda" / "ExemplesCDA"
FILES = sorted(EXAMPLES.glob("*.xml"))
DOCTOR = next(
    person for person in WORLD.professionals(HOSPITAL.finess_eg) if person.profession == "10"
)
HL7 = "{urn:hl7-org:v3}"
# What follows relatedDocument in a ClinicalDocument (CDA R2 schema).
AFTER = [f"{HL7}{name}" for name in ("authorization", "componentOf", "component")]
_T = TypeVar("_T")


@pytest.fixture(params=FILES or [None], ids=lambda path: path.stem if path else "none")
def document(request: pytest.FixtureRequest, conformance: Path) -> bytes:
    """Each published document; the tests skip where the folder is absent."""
    assert conformance
    assert request.param is not None, f"the conformance folder has no example in {EXAMPLES}"
    content: bytes = request.param.read_bytes()
    return content


@dataclass
class Life:
    """A client of a bench, and the patient of a document."""

    bench: Bench
    base: str
    ins: Ins
    stamp: Stamp = field(default_factory=lambda: Stamp(NOW, Streams(7)["life"]))

    def ask(self, call: Callable[[DmpClient], Awaitable[_T]]) -> _T:
        """One call of the project's client."""
        software = Software("Hospidoc", "4.2", "BANC-TEST", "BANC-TEST", "TEST000001")
        sender = Sender(HOSPITAL, self.bench.pki.establishment(HOSPITAL), software)

        async def asked() -> _T:
            wire = Wire(self.base, None)
            try:
                return await call(DmpClient(sender, wire))
            finally:
                await wire.close()

        return asyncio.run(asked())

    def feed(self, content: bytes, *, replaces: str = "") -> Attempt:
        def sent(client: DmpClient) -> Coroutine[Any, Any, Attempt]:
            deposit = client.deposit(
                content, DOCTOR, self.stamp, patient_id=self.ins, replaces=replaces
            )
            return client.feed(deposit, self.stamp)

        return self.ask(sent)

    def reference(self, unique_id: str) -> str:
        """TD3.1b."""
        found = self.ask(lambda client: client.reference(unique_id, self.ins, DOCTOR, self.stamp))
        return found[1]

    def statuses(self) -> dict[str, str]:
        """uniqueId -> status, of every document the patient ever had (TD3.1, a doctor's card)."""
        every = (vocabulary.APPROVED, vocabulary.DEPRECATED, vocabulary.DELETED)
        query = messages.find_documents(self.ins.cx, statuses=every)
        _, found = self.bench.find(query, a_card_vihf(self.bench.pki, patient=self.ins.cx))
        assert found.errors == ()
        return {entry.unique_id: entry.availability_status for entry in found.entries}

    def bytes_of(self, unique_id: str) -> bytes:
        """TD3.2, a doctor's card, read by the standard library."""
        answer = self.bench.send(
            messages.REPOSITORY,
            messages.write_retrieve([messages.DocumentRequest(unique_id)]),
            action=messages.ITI_43,
            vihf=a_card_vihf(self.bench.pki, patient=self.ins.cx),
        )
        return documents_of(answer)[unique_id]


def the_next_version(content: bytes, unique_id: str) -> bytes:
    """The document again: another id, the next version, what it replaces (relatedDocument)."""
    tree = etree.fromstring(content)
    root = next(tree.iter(f"{HL7}ClinicalDocument"))
    identifier = root.find(f"{HL7}id")
    assert identifier is not None
    for old in root.findall(f"{HL7}relatedDocument"):
        root.remove(old)
    related = etree.Element(f"{HL7}relatedDocument", typeCode="RPLC")
    etree.SubElement(
        etree.SubElement(related, f"{HL7}parentDocument"), f"{HL7}id", dict(identifier.attrib)
    )
    next(item for item in root if item.tag in AFTER).addprevious(related)
    identifier.attrib.clear()
    identifier.set("root", unique_id)
    version = root.find(f"{HL7}versionNumber")
    if version is not None:
        version.set("value", str(int(version.get("value", "1")) + 1))
    return etree.tostring(tree.getroottree(), xml_declaration=True, encoding="UTF-8")


def lived(life: Life, content: bytes) -> None:
    """A document is fed, found, read, replaced; the new one is deleted."""
    first, second = read_header(content).unique_id, f"{ARC}.2"
    assert life.feed(content).outcome is Outcome.DELIVERED, life.bench.line.refusals
    assert life.statuses() == {first: vocabulary.APPROVED}
    assert life.bytes_of(first) == content

    newer = the_next_version(content, second)
    replaced = life.feed(newer, replaces=life.reference(first))
    assert replaced.outcome is Outcome.DELIVERED, life.bench.line.refusals
    assert life.bench.line.facts["documents"][0]["replaces"] == first
    assert "lint" not in life.bench.line.facts
    assert life.statuses() == {first: vocabulary.DEPRECATED, second: vocabulary.APPROVED}
    assert life.bytes_of(second) == newer

    target = life.reference(second)
    deleted = life.ask(lambda client: client.delete(target, life.ins, DOCTOR, life.stamp))
    assert deleted.outcome is Outcome.DELIVERED, life.bench.line.refusals
    assert life.statuses() == {first: vocabulary.DEPRECATED, second: vocabulary.DELETED}


def test_a_published_document_lives_its_whole_life(
    make_bench: Callable[..., Bench], live: Callable[[Flask], str], document: bytes
) -> None:
    """With the switches lenient a real OID is taken, and a patient the bench does not know."""
    bench = make_bench(dmp_ins_oids="all", dmp_unknown_ins="open", dmp_cda_checks="off")
    ins = read_header(document).patient.ins
    assert ins is not None
    life = Life(bench, live(bench.client.application), ins)
    if not ins.has_valid_key:
        assert life.feed(document).code == "DMPSimVihfPatient"
        assert "13 characters and their key" in bench.line.refusals[0]["expected"]
        return
    lived(life, document)


def test_a_strict_bench_takes_test_numbers_of_people_it_knows(
    bench: Bench, live: Callable[[Flask], str], document: bytes
) -> None:
    ins = read_header(document).patient.ins
    assert ins is not None
    told = Life(bench, live(bench.client.application), ins).feed(document)
    if ins.oid != TEST_OID:
        assert told.code == "DMPSimVihfPatient"
        assert {item["expected"] for item in bench.line.refusals} >= {TEST_OID}
    elif WORLD.by_matricule(ins.matricule) is not None:
        assert told.outcome is Outcome.DELIVERED, bench.line.refusals
    elif ins.has_valid_key:
        assert told.code == "XDSUnknownPatientId"
    else:
        assert told.code == "DMPSimVihfPatient"
