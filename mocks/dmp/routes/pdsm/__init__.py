"""DMP mock, entry points of the FHIR face (PDSm): one port, over the store of the XDS side.

Not here: who calls (``caller``), deposits (``feeding``), searches and reads (``finding``), what a
document was (``versions``), changes (``changing``).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import Blueprint

from kit.fhir import Call, Port, Reply, Style, Target, read_json, route
from kit.fhir.reading import read_form, read_json_patch
from kit.fhir.xml import read_xml
from kit.identity import Ins
from mocks.dmp import rules
from mocks.dmp.messages import ExistenceQuery, pdsm
from mocks.dmp.messages.pdsm.datatypes import ins_of
from mocks.dmp.messages.record import NONE
from mocks.dmp.routes import administering
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.routes.pdsm import caller, changing, feeding, finding, versions
from mocks.dmp.routes.pdsm.refusing import told

TYPES = ("DocumentReference", "List", "Binary")
MAX_VALUES = 200_000  # of a body; the bytes of a document are one


def add(bp: Blueprint, dmp: Dmp) -> None:
    """The FHIR face of the DMP."""
    settings = dmp.service.settings
    style = Style(
        route=_route,
        read_body=partial(read_json, max_values=MAX_VALUES),
        read_xml=read_xml,
        write_refusals=pdsm.write_refusals,
        other_bodies={
            "PATCH": (pdsm.PATCH_TYPE, read_json_patch),
            "SEARCH-BY-POST": ("application/x-www-form-urlencoded", read_form),
        },
        raw=frozenset({("READ", "Binary")}),
        max_bytes=settings.max_body_bytes,
    )
    types = (*TYPES, "Patient") if settings.dmp_fhir_draft else TYPES
    port = Port(
        bp,
        pdsm.PATH,
        dmp.service,
        types=types,
        identify=partial(caller.identify, dmp),
        style=style,
    )
    feeding.add(port, dmp)
    finding.add(port, dmp)
    versions.add(port, dmp)
    changing.add(port, dmp)
    _capabilities(port, is_draft=settings.dmp_fhir_draft)
    if settings.dmp_fhir_draft:
        _patient(port, dmp)


def _route(method: str, path: str) -> Target:
    """The interaction of FHIR, under the name of its transaction."""
    target = route(method, path)
    name = pdsm.TRANSACTIONS.get((target.interaction, target.resource_type), "")
    return replace(target, name=name)


def _capabilities(port: Port, *, is_draft: bool) -> None:
    clock = port.service.clock

    @port.interaction("CAPABILITIES")
    def capabilities(call: Call) -> Reply:
        """What the endpoint offers; for everybody."""
        on = clock.now().date().isoformat()
        return Reply(
            pdsm.write_capability_statement(call.base_url, published_on=on, patient=is_draft)
        )


def _patient(port: Port, dmp: Dmp) -> None:
    @port.interaction("SEARCH", "Patient")
    def existence(call: Call) -> Reply:
        """TD0.2 as the draft of 2026 has it: does the patient have a DMP."""
        value = next(iter(call.parameter("identifier")), "")
        system, _, matricule = value.rpartition("|")
        ins = ins_of(system, matricule) or Ins(matricule, system)
        user = caller.about(call, ins)
        asked = ExistenceQuery(ins, call.line.id, dmp.now, "", "")
        with dmp.store.open(call.line.sandbox) as documents, told(patient="identifier"):
            known = dmp.known(user, documents)
            rules.existence.check(asked, known)
            patient = dmp.patient(ins)
            kept = dmp.record(patient, documents)
        found = patient is not None and kept is not None and kept.state != NONE
        call.line.facts["found"] = found
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": int(found)}
        if patient is None or kept is None or not found:
            return Reply(bundle)
        record = administering.told(patient, kept, known, in_full=False)
        entry = {"resource": pdsm.write_record(record), "search": {"mode": "match"}}
        return Reply(bundle | {"entry": [entry]})
