"""INS messages, WS_INS1 (recherche avec carte Vitale): the request; its answer is that of WS_INS2.

Not here: the card itself, its assertion (``assertion``) and the coverage (``contexts``).
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.xml import NS, Element, build, qname
from mocks.ins.messages.sequence import only_text, read_sequence

VITALE_ACTION = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale"
VITALE_BODY = qname("recvit:RECVITALE")

_REQUEST = ("MatriculeIndividu", "MatriculeOD", "NomNaissance", "DateNaissance", "RangNaissance")


@dataclass(frozen=True, slots=True)
class VitaleRequest:
    """What a card tells of its bearer, as sent; empty when absent.

    number: 13 characters of the bearer's own number. insured_number: of the insured person who
    opens the rights (ouvrant droit). birth_rank: among those born that day.
    """

    number: str = ""
    insured_number: str = ""
    birth_name: str = ""
    birth_date: str = ""
    birth_rank: str = ""


def read_vitale_request(body: Element) -> VitaleRequest:
    """Read RECVITALE. Raises Malformed when its content is not what the schema allows.

    Source: INSi_RECVITALE_INS.xsd 00.01.
    """
    found = read_sequence(body, NS["recvit"], _REQUEST)

    def text(name: str) -> str:
        return only_text(found[name]) if name in found else ""

    return VitaleRequest(
        number=_number(found.get("MatriculeIndividu")),
        insured_number=_number(found.get("MatriculeOD")),
        birth_name=text("NomNaissance"),
        birth_date=text("DateNaissance"),
        birth_rank=text("RangNaissance"),
    )


def write_vitale_request(request: VitaleRequest) -> Element:
    """Write RECVITALE; what is empty is left out."""
    body = build("recvit:RECVITALE")
    for name, number in (
        ("MatriculeIndividu", request.number),
        ("MatriculeOD", request.insured_number),
    ):
        if number:
            body.append(build(f"recvit:{name}", build("recvit:NumIdentifiant", number)))
    for name, value in (
        ("NomNaissance", request.birth_name),
        ("DateNaissance", request.birth_date),
        ("RangNaissance", request.birth_rank),
    ):
        if value:
            body.append(build(f"recvit:{name}", value))
    return body


def _number(matricule: Element | None) -> str:
    """NumIdentifiant; the key of a card may differ from that of the INS and is not looked at."""
    if matricule is None:
        return ""
    parts = read_sequence(matricule, NS["recvit"], ("NumIdentifiant", "Cle", "TypeMatricule"))
    return only_text(parts["NumIdentifiant"]) if "NumIdentifiant" in parts else ""
