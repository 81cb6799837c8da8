"""DMP mock, entry points of the FHIR face: refusals of the DMP become those of FHIR.

Not here: the tables that say how (``messages.pdsm.outcome``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from kit.rules import Refused
from mocks.dmp.messages import pdsm

_NOWHERE: Mapping[str, str] = {}


@contextmanager
def told(
    places: Mapping[str, str] = _NOWHERE, lot_path: str = "", *, patient: str = pdsm.SUBJECT
) -> Iterator[None]:
    """Refusals raised inside are told in FHIR; places: subject -> FHIRPath.

    patient: where the request names its patient: an element, a search parameter.
    """
    try:
        yield
    except Refused as error:
        raise Refused(pdsm.in_fhir(error.refusals, places, lot_path, patient)) from error
