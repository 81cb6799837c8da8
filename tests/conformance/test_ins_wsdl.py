"""INS, outside judge: zeep from the official WSDL, DESIR_ICIR_EXP_1.5.0, when it is at hand.

It lies in ``ins/wsdl`` of the conformance folder, with its ``xsd``; the tests skip without it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zeep
from flask import Flask
from zeep.transports import Transport

from kit.clock import FixedClock
from kit.service import service_of
from kit.settings import Settings
from mocks.ins.app import create_app

BINDING = "{http://www.cnamts.fr/webservice}ICIRServiceBinding"
TIME = "2026-01-05T08:00:00.000Z"
# The WSDL imports the schema of WS-Addressing by an address on the web: it is answered here.
ADDRESSING = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:tns="http://www.w3.org/2005/08/addressing"
    targetNamespace="http://www.w3.org/2005/08/addressing" elementFormDefault="qualified">
  <xs:element name="MessageID" type="tns:AttributedURIType"/>
  <xs:complexType name="AttributedURIType"><xs:simpleContent>
    <xs:extension base="xs:anyURI"/>
  </xs:simpleContent></xs:complexType>
</xs:schema>"""
EMPTY = b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>'


class Offline(Transport):  # type: ignore[misc]
    """Reads files; what lies on the web is the schema above, or empty."""

    def load(self, url: str) -> bytes:
        if url.startswith("http"):
            return ADDRESSING if "addr" in url else EMPTY
        return bytes(super().load(url))


@pytest.fixture
def app(settings: Settings, clock: FixedClock) -> Flask:
    return create_app(settings, clock)


@pytest.fixture
def service(app: Flask, live: Callable[[Flask], str], conformance: Path) -> Any:
    found = sorted((conformance / "ins").glob("**/DESIR_ICIR_EXP_*.wsdl"))
    if not found:
        pytest.skip("the official WSDL of INSi is not in the conformance folder")
    client = zeep.Client(str(found[-1]), transport=Offline())
    return client.create_service(BINDING, live(app) + "/lps")


def headers() -> dict[str, Any]:
    software = {"IDAM": {"_value_1": "BANC-TEST", "R": "4"}, "Nom": "urn:lps:zeep:4.3"}
    return {
        "NO1_ContexteBAM": {"Id": "1", "Temps": TIME, "COUVERTURE": {}, "Version": "01_02"},
        "NO1_ContexteLPS": {"Id": "2", "Temps": TIME, "LPS": software, "Version": "01_00"},
        "NO1_MessageID": "uuid:6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0009",
    }


def test_both_search_operations_are_called(app: Flask, service: Any) -> None:
    by_traits = service.rechercherInsAvecTraitsIdentite(
        NomNaissance="ECETINSI",
        Prenom=["PIERRE-ALAIN"],
        Sexe="M",
        DateNaissance="2009-07-14",
        _soapheaders=headers(),
    )
    by_card = service.rechercherInsAvecCarteVitale(
        MatriculeIndividu={"NumIdentifiant": "1090763220834"},
        DateNaissance="2009-07-14",
        RangNaissance="1",
        _soapheaders=headers(),
    )
    for found in (by_traits, by_card):
        assert found.CR.CodeCR == "00"
        assert found.INDIVIDU.INSACTIF.IdIndividu.NumIdentifiant == "1090763220834"
        assert len(found.INDIVIDU.INSHISTO) == 2
    lines = service_of(app).journal.find()
    assert [(line.transaction, line.outcome) for line in lines] == [
        ("WS_INS2", "accepted"),
        ("WS_INS1", "accepted"),
    ]
