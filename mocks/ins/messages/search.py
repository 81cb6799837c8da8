"""INS messages, WS_INS2 (recherche par traits): the request and its answer, read and written.

The answer is that of WS_INS1 too. Not here: envelope and headers (``contexts``, ``kit.soap``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.identity import IdentityTraits, Ins, PastIns
from kit.rules import Malformed
from kit.xml import NS, Element, build, find_all, local_name, qname

ACTION = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"
BODY = qname("recsans:RECSANSVITALE")

_REQUEST = ("NomNaissance", "Prenom", "Sexe", "DateNaissance", "LieuNaissance")
_NAMES = {qname(f"recsans:{name}"): name for name in _REQUEST}
_RESULT_SCOPE: dict[Any, str] = {None: NS["resultat"]}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The traits typed for a search, as sent: nothing trimmed, empty when absent."""

    birth_name: str = ""
    first_names: tuple[str, ...] = ()
    sex: str = ""
    birth_date: str = ""
    birth_place: str = ""
    part: str = "RECSANSVITALE"  # the element that holds the traits


@dataclass(frozen=True, slots=True)
class Individual:
    """The person an answer designates (INDIVIDU): number in force, history, traits.

    first_name: TIQ/Prenom, which answers stopped carrying in October 2022. has_dates_first: the
    dates of the history stand before the number, against the schema (official TEST_2.04_cas2).
    """

    ins: Ins
    traits: IdentityTraits
    history: tuple[Ins, ...] = ()
    first_name: str = ""
    has_dates_first: bool = False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A business answer: 00, 01 or 02, its label, and the person when there is one."""

    code: str
    label: str
    individual: Individual | None = None


def read_search_request(body: Element) -> SearchRequest:
    """Read RECSANSVITALE.

    Raises Malformed when its content is not what the schema allows; rules judge the values.
    Source: INSi_RECSANS_INS.xsd 00.01.
    """
    if body.tag != BODY:
        raise Malformed(local_name(body), f"expected {BODY}")
    values = _sequence(body)
    return SearchRequest(
        birth_name=_single(values, "NomNaissance"),
        first_names=tuple(text for name, text in values if name == "Prenom"),
        sex=_single(values, "Sexe"),
        birth_date=_single(values, "DateNaissance"),
        birth_place=_single(values, "LieuNaissance"),
    )


def write_search_request(request: SearchRequest) -> Element:
    """Write RECSANSVITALE; an empty trait is left out."""
    body = build("recsans:RECSANSVITALE")
    values = [
        ("NomNaissance", request.birth_name),
        *(("Prenom", name) for name in request.first_names),
        ("Sexe", request.sex),
        ("DateNaissance", request.birth_date),
        ("LieuNaissance", request.birth_place),
    ]
    for name, value in values:
        if value:
            body.append(build(f"recsans:{name}", value))
    return body


def read_search_result(body: Element) -> SearchResult:
    """Read RESULTAT, by name and not by order: an official sample has dates before the number.

    Raises Malformed when code, label or a number is absent.
    """
    if body.tag != qname("resultat:RESULTAT"):
        raise Malformed(local_name(body), "expected RESULTAT")
    individual = body.find("resultat:INDIVIDU", NS)
    return SearchResult(
        code=_text(body, "resultat:CR/resultat:CodeCR"),
        label=_text(body, "resultat:CR/resultat:LibelleCR"),
        individual=None if individual is None else _read_individual(individual),
    )


def write_search_result(result: SearchResult) -> Element:
    """Write RESULTAT in the default namespace, as every captured answer does."""
    report = _element("CR", _element("CodeCR", result.code), _element("LibelleCR", result.label))
    body = _element("RESULTAT", report)
    if result.individual is not None:
        body.append(_write_individual(result.individual))
    return body


def _sequence(body: Element) -> list[tuple[str, str]]:
    """The children as (name, text), in the order and with the names of the schema."""
    values: list[tuple[str, str]] = []
    place = 0
    for child in body.iterchildren(tag="*"):
        name = _NAMES.get(str(child.tag))
        if name is None:
            raise Malformed("RECSANSVITALE", f"{child.tag!r} is not an element of the request")
        if _REQUEST.index(name) < place:
            raise Malformed("RECSANSVITALE", f"{name} is not in its place: {' '.join(_REQUEST)}")
        if len(child):
            raise Malformed(name, "text only, no element inside")
        place = _REQUEST.index(name)
        values.append((name, child.text or ""))
    return values


def _single(values: list[tuple[str, str]], name: str) -> str:
    found = [text for known, text in values if known == name]
    if len(found) > 1:
        raise Malformed("RECSANSVITALE", f"{name} is there {len(found)} times, at most once")
    return found[0] if found else ""


def _read_individual(individual: Element) -> Individual:
    active = individual.find("resultat:INSACTIF", NS)
    traits = individual.find("resultat:TIQ", NS)
    if active is None or traits is None:
        raise Malformed("INDIVIDU", "INSACTIF and TIQ are both needed")
    return Individual(
        ins=_read_ins(active),
        history=tuple(_read_past(past) for past in find_all(individual, "resultat:INSHISTO")),
        traits=IdentityTraits(
            birth_name=_text(traits, "resultat:NomNaissance", ""),
            first_names=tuple(_text(traits, "resultat:ListePrenom", "").split()),
            sex=_text(traits, "resultat:Sexe", ""),
            birth_date=_text(traits, "resultat:DateNaissance", ""),
            birth_place=_text(traits, "resultat:LieuNaissance", ""),
        ),
        first_name=_text(traits, "resultat:Prenom", ""),
    )


def _read_past(past: Element) -> PastIns:
    ins = _read_ins(past)
    dates = (_text(past, f"resultat:{name}", "") for name in ("DateDeb", "DateFin"))
    return PastIns(ins.matricule, ins.oid, *dates)


def _read_ins(element: Element) -> Ins:
    """The number as it came, wrong key included."""
    number = _text(element, "resultat:IdIndividu/resultat:NumIdentifiant")
    key = _text(element, "resultat:IdIndividu/resultat:Cle", "")
    return Ins(number + key, _text(element, "resultat:OID"))


def _write_individual(person: Individual) -> Element:
    traits = (
        ("NomNaissance", person.traits.birth_name),
        ("Prenom", person.first_name),
        ("ListePrenom", " ".join(person.traits.first_names)),
        ("Sexe", person.traits.sex),
        ("DateNaissance", person.traits.birth_date),
        ("LieuNaissance", person.traits.birth_place),
    )
    return _element(
        "INDIVIDU",
        _element("INSACTIF", *_write_ins(person.ins)),
        *(_write_past(past, person.has_dates_first) for past in person.history),
        _element("TIQ", *_present(traits)),
    )


def _write_past(past: Ins, has_dates_first: bool) -> Element:
    dates: tuple[tuple[str, str], ...] = ()
    if isinstance(past, PastIns):
        dates = (("DateDeb", past.valid_from), ("DateFin", past.valid_until))
    number, when = _write_ins(past), _present(dates)
    first, then = (when, number) if has_dates_first else (number, when)
    return _element("INSHISTO", *first, *then)


def _write_ins(ins: Ins) -> Iterator[Element]:
    number = (("NumIdentifiant", ins.number), ("Cle", ins.key))
    yield _element("IdIndividu", *_present(number))
    yield _element("OID", ins.oid)


def _present(values: tuple[tuple[str, str], ...]) -> Iterator[Element]:
    return (_element(name, value) for name, value in values if value)


def _element(name: str, *children: Element | str) -> Element:
    return build(f"resultat:{name}", *children, nsmap=_RESULT_SCOPE)


def _text(element: Element, path: str, default: str | None = None) -> str:
    found = element.find(path, NS)
    if found is None or not found.text:
        if default is None:
            raise Malformed(local_name(element), f"{path} is missing or empty")
        return default
    return found.text.strip()
