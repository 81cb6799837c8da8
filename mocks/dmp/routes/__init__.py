"""DMP mock, entry points: one function per transaction.

Each one reads, checks, stores, answers. No XML, no rule and no SQL is written here. By path:
patients, habilitations, repository, registry; the FHIR face: pdsm; the patient's side: citizen.
Who calls: desk.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from kit import soap
from mocks.dmp import messages
from mocks.dmp.routes import citizen, habilitations, patients, pdsm, registry, repository
from mocks.dmp.routes.desk import Dmp, DmpFaults, injected
from mocks.dmp.routes.refusing import write_refusals

__all__ = ["Dmp", "blueprint"]


def blueprint(dmp: Dmp) -> Blueprint:
    """The endpoints of the mock."""
    bp = Blueprint("dmp", __name__)
    common: dict[str, Any] = {
        "identify": dmp.identify,
        "on_refused": lambda call, error: write_refusals(dmp, call, error.refusals),
        "on_injected": lambda call, code: write_refusals(dmp, call, [injected(code)]),
        "fault_style": DmpFaults(),
    }

    def port(path: str) -> soap.Port:
        return soap.Port(bp, path, dmp.service, **common)

    patients.add(port(messages.PATIENTS), dmp)
    patients.add_search(port(messages.PATIENTS_PDQ), dmp)
    patients.add_list(port(messages.PATIENTS_SPECIFIC), dmp)
    habilitations.add(port(messages.HABILITATIONS), dmp)
    repository.add(port(messages.REPOSITORY), dmp)
    registry.add(port(messages.REGISTRY), dmp)
    if dmp.service.settings.dmp_fhir != "off":
        pdsm.add(bp, dmp)
    if dmp.service.settings.dmp_citizen:
        citizen.add(bp, dmp)
    return bp
