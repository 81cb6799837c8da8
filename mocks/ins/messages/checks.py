"""INS messages, WS_INS3 to WS_INS5: an INS to be checked, one by one or in a batch.

UNCONFIRMED. The operation of the unit check, the names of its fields and the namespace of its
answer were read in a program; its root elements, the request's namespace and all of the batch are
the bench's own, until the official schemas are public. Source: INSi service.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from kit.identity import Ins
from kit.rules import Malformed
from kit.xml import Element, append, find_text
from mocks.ins.messages.search import SearchRequest
from mocks.ins.messages.sequence import only_text, read_sequence

_SERVICE = "urn:ServiceIdentiteCertifiee:1.0.0"
CHECK_ACTION = f"{_SERVICE}:verifierInsAvecTraitsIdentite"
DEPOSIT_ACTION = f"{_SERVICE}:deposerLotVerificationIns"
FETCH_ACTION = f"{_SERVICE}:retirerLotVerificationIns"

UNIT_REQUEST = "http://www.cnamts.fr/INSiLot2/REQUnitaire"
UNIT_ANSWER = "http://www.cnamts.fr/INSiLot2/REPUnitaire"
BATCH_REQUEST = "http://www.cnamts.fr/INSiLot2/REQMasse"
BATCH_ANSWER = "http://www.cnamts.fr/INSiLot2/REPMasse"
CHECK_BODY = f"{{{UNIT_REQUEST}}}IndividuVerifie"
DEPOSIT_BODY = f"{{{BATCH_REQUEST}}}LotVerification"
FETCH_BODY = f"{{{BATCH_REQUEST}}}RetraitLot"

PART = "TraitsIdentiteIndividu"
_TRAITS = ("NomNaissance", "Prenom", "ListePrenom", "Sexe", "DateNaissance", "LieuNaissance")


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """An INS and the traits it should go with, as sent. has_list: ListePrenom was given."""

    ins: Ins
    traits: SearchRequest
    has_list: bool = True
    reference: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to a check: a code and a label, never a trait."""

    code: str
    label: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The answer to a deposit or to a fetch: the lot, and its results once they are there."""

    code: str
    label: str
    lot: str = ""
    results: tuple[CheckResult, ...] = ()


def read_check_request(body: Element, namespace: str = UNIT_REQUEST) -> CheckRequest:
    """Read IndividuVerifie. Raises Malformed when its content is not that of INSi service."""
    names = ("Reference", "INSFourni", PART)
    found = read_sequence(body, namespace, names)
    if "INSFourni" not in found or PART not in found:
        raise Malformed("IndividuVerifie", f"INSFourni and {PART} are both needed")
    given = read_sequence(found["INSFourni"], namespace, ("IdIndividu", "OID"))
    traits = read_sequence(found[PART], namespace, _TRAITS)
    texts = {name: only_text(child) for name, child in traits.items()}
    several = texts.get("ListePrenom", "")
    first_names = tuple(several.split(" ")) if several else (texts.get("Prenom", ""),)
    return CheckRequest(
        ins=Ins(_number(given, namespace), only_text(given["OID"]) if "OID" in given else ""),
        traits=SearchRequest(
            birth_name=texts.get("NomNaissance", ""),
            first_names=first_names if first_names != ("",) else (),
            sex=texts.get("Sexe", ""),
            birth_date=texts.get("DateNaissance", ""),
            birth_place=texts.get("LieuNaissance", ""),
            part=PART,
        ),
        has_list=bool(several),
        reference=only_text(found["Reference"]) if "Reference" in found else "",
    )


def write_check_request(request: CheckRequest, namespace: str = UNIT_REQUEST) -> Element:
    """Write IndividuVerifie."""
    traits = request.traits
    names = ("ListePrenom" if request.has_list else "Prenom", " ".join(traits.first_names))
    values = (
        ("NomNaissance", traits.birth_name),
        names,
        ("Sexe", traits.sex),
        ("DateNaissance", traits.birth_date),
        ("LieuNaissance", traits.birth_place),
    )
    number = (("NumIdentifiant", request.ins.number), ("Cle", request.ins.key))
    given = (
        _element(namespace, "IdIndividu", *_present(namespace, number)),
        *_present(namespace, (("OID", request.ins.oid),)),
    )
    return _element(
        namespace,
        "IndividuVerifie",
        *_present(namespace, (("Reference", request.reference),)),
        _element(namespace, "INSFourni", *given),
        _element(namespace, PART, *_present(namespace, values)),
    )


def read_check_result(body: Element) -> CheckResult:
    """Read the CR of a unit check. Raises Malformed when there is none."""
    return _read_result(body, UNIT_ANSWER)


def write_check_result(result: CheckResult) -> Element:
    """Write the answer of a unit check."""
    return _element(UNIT_ANSWER, "RESULTAT", _report(UNIT_ANSWER, result.code, result.label))


def read_deposit_request(body: Element) -> tuple[CheckRequest, ...]:
    """Read LotVerification: the identities to check, one at least."""
    found = read_sequence(body, BATCH_REQUEST, ("IndividuVerifie",), repeated="IndividuVerifie")
    if not found:
        raise Malformed("LotVerification", "no IndividuVerifie in it")
    return tuple(read_check_request(child, BATCH_REQUEST) for child in body.iterchildren(tag="*"))


def write_deposit_request(requests: tuple[CheckRequest, ...]) -> Element:
    """Write LotVerification."""
    written = (write_check_request(request, BATCH_REQUEST) for request in requests)
    return _element(BATCH_REQUEST, "LotVerification", *written)


def read_fetch_request(body: Element) -> str:
    """Read RetraitLot: the identifier of the lot."""
    found = read_sequence(body, BATCH_REQUEST, ("IdLot",))
    if "IdLot" not in found:
        raise Malformed("RetraitLot", "IdLot is missing")
    return only_text(found["IdLot"])


def write_fetch_request(lot: str) -> Element:
    """Write RetraitLot."""
    return _element(BATCH_REQUEST, "RetraitLot", _element(BATCH_REQUEST, "IdLot", lot))


def read_batch_result(body: Element) -> BatchResult:
    """Read the answer to a deposit or to a fetch."""
    report = _read_result(body, BATCH_ANSWER)
    own = f"{{{BATCH_ANSWER}}}"
    results = tuple(_read_result(item, BATCH_ANSWER) for item in body.findall(f"{own}Individu"))
    return BatchResult(report.code, report.label, find_text(body, f"{own}IdLot"), results)


def write_batch_result(result: BatchResult) -> Element:
    """Write the answer to a deposit or to a fetch."""
    items = (
        _element(
            BATCH_ANSWER,
            "Individu",
            *_present(BATCH_ANSWER, (("Reference", item.reference),)),
            _report(BATCH_ANSWER, item.code, item.label),
        )
        for item in result.results
    )
    return _element(
        BATCH_ANSWER,
        "RESULTAT",
        _report(BATCH_ANSWER, result.code, result.label),
        *_present(BATCH_ANSWER, (("IdLot", result.lot),)),
        *items,
    )


def _number(given: dict[str, Element], namespace: str) -> str:
    """The number as sent, followed by its key when there is one."""
    if "IdIndividu" not in given:
        return ""
    names = ("NumIdentifiant", "Cle", "TypeMatricule")
    parts = read_sequence(given["IdIndividu"], namespace, names)
    return "".join(only_text(parts[name]) for name in names[:2] if name in parts)


def _read_result(body: Element, namespace: str) -> CheckResult:
    own = f"{{{namespace}}}"
    code = find_text(body, f"{own}CR/{own}CodeCR")
    if not code:
        raise Malformed("RESULTAT", "CR/CodeCR is missing")
    label = find_text(body, f"{own}CR/{own}LibelleCR")
    return CheckResult(code, label, find_text(body, f"{own}Reference"))


def _report(namespace: str, code: str, label: str) -> Element:
    return _element(
        namespace,
        "CR",
        _element(namespace, "CodeCR", code),
        _element(namespace, "LibelleCR", label),
    )


def _present(namespace: str, values: tuple[tuple[str, str], ...]) -> list[Element]:
    return [_element(namespace, name, value) for name, value in values if value]


def _element(namespace: str, name: str, *children: Element | str) -> Element:
    element = etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace})
    for child in children:
        append(element, child)
    return element
