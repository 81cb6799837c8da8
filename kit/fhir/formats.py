"""Kit, FHIR: the format of an answer: what ``_format``, ``Accept`` and the body ask for.

Not here: how a resource is written (``xml``, ``port``).
Source: FHIR R4, RESTful API 3.1.0.1.11 (content types and encodings).
"""

from __future__ import annotations

from werkzeug.datastructures import MIMEAccept

FHIR_JSON, FHIR_XML = "application/fhir+json", "application/fhir+xml"
FORMAT = "_format"
_NAMES = {
    FHIR_JSON: (FHIR_JSON, "application/json", "json"),
    FHIR_XML: (FHIR_XML, "application/xml", "text/xml", "xml"),
}
_FORMATS = {name: media_type for media_type, names in _NAMES.items() for name in names}


def named(text: str) -> str:
    """The media type that a ``_format`` names, "" when it is none of FHIR.

    The plus sign of an address that is not escaped is read as a space.
    """
    return _FORMATS.get(text.partition(";")[0].strip().replace(" ", "+").lower(), "")


def asked(accept: MIMEAccept, wanted: str) -> str:
    """The media type of FHIR that a request names itself: by ``_format``, else by Accept.

    application/xml names none: a document may well be of that type.
    """
    if wanted:
        return named(wanted)
    found = accept.best_match((FHIR_JSON, FHIR_XML)) or ""
    return found if found in accept.values() else ""


def answered(accept: MIMEAccept, wanted: str, body_type: str) -> str:
    """The media type of the answer, "" when the client takes neither.

    Who takes either, or says nothing, gets the one they wrote; JSON without a body.
    """
    if wanted:
        return named(wanted)
    offered = (FHIR_XML, FHIR_JSON) if body_type == FHIR_XML else (FHIR_JSON, FHIR_XML)
    if not accept:
        return offered[0]
    names = [name for media_type in offered for name in _NAMES[media_type][:3] if "/" in name]
    return _FORMATS.get(accept.best_match(names) or "", "")
