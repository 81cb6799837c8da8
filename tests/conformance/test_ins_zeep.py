"""INS, outside judge: zeep, an ordinary SOAP client, from a WSDL written by hand.

The names are those of the published description (INSi service); the schema is inline and ours.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zeep
from flask import Flask
from zeep.exceptions import Fault
from zeep.wsa import WsAddressingPlugin

from kit.clock import FixedClock
from kit.service import service_of
from kit.settings import Settings
from mocks.ins.app import create_app

WSDL = """<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="ServiceIdentiteCertifiee-v1"
    targetNamespace="http://www.cnamts.fr/webservice" xmlns:tns="http://www.cnamts.fr/webservice"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap12/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:q="http://www.cnamts.fr/INSiRecSans" xmlns:r="http://www.cnamts.fr/INSiResultat"
    xmlns:v="http://www.cnamts.fr/INSiRecVit"
    xmlns:b="urn:siram:bam:ctxbam" xmlns:l="urn:siram:lps:ctxlps">
  <wsdl:types>
    <xs:schema targetNamespace="http://www.cnamts.fr/INSiRecSans" elementFormDefault="qualified">
      <xs:element name="RECSANSVITALE"><xs:complexType><xs:sequence>
        <xs:element name="NomNaissance" type="xs:string" minOccurs="0"/>
        <xs:element name="Prenom" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="Sexe" type="xs:string" minOccurs="0"/>
        <xs:element name="DateNaissance" type="xs:string" minOccurs="0"/>
        <xs:element name="LieuNaissance" type="xs:string" minOccurs="0"/>
      </xs:sequence></xs:complexType></xs:element>
    </xs:schema>
    <xs:schema targetNamespace="http://www.cnamts.fr/INSiRecVit" elementFormDefault="qualified">
      <xs:element name="RECVITALE"><xs:complexType><xs:sequence>
        <xs:element name="MatriculeIndividu" type="v:Matricule" minOccurs="0"/>
        <xs:element name="MatriculeOD" type="v:Matricule" minOccurs="0"/>
        <xs:element name="NomNaissance" type="xs:string" minOccurs="0"/>
        <xs:element name="DateNaissance" type="xs:string" minOccurs="0"/>
        <xs:element name="RangNaissance" type="xs:string" minOccurs="0"/>
      </xs:sequence></xs:complexType></xs:element>
      <xs:complexType name="Matricule"><xs:sequence>
        <xs:element name="NumIdentifiant" type="xs:string" minOccurs="0"/>
        <xs:element name="Cle" type="xs:string" minOccurs="0"/>
      </xs:sequence></xs:complexType>
    </xs:schema>
    <xs:schema targetNamespace="http://www.cnamts.fr/INSiResultat" elementFormDefault="qualified">
      <xs:element name="RESULTAT"><xs:complexType><xs:sequence>
        <xs:element name="CR"><xs:complexType><xs:sequence>
          <xs:element name="CodeCR" type="xs:string"/>
          <xs:element name="LibelleCR" type="xs:string"/>
        </xs:sequence></xs:complexType></xs:element>
        <xs:element name="INDIVIDU" minOccurs="0"><xs:complexType><xs:sequence>
          <xs:element name="INSACTIF" type="r:Ins"/>
          <xs:element name="INSHISTO" type="r:Ins" minOccurs="0" maxOccurs="unbounded"/>
          <xs:element name="TIQ"><xs:complexType><xs:sequence>
            <xs:element name="NomNaissance" type="xs:string" minOccurs="0"/>
            <xs:element name="Prenom" type="xs:string" minOccurs="0"/>
            <xs:element name="ListePrenom" type="xs:string" minOccurs="0"/>
            <xs:element name="Sexe" type="xs:string" minOccurs="0"/>
            <xs:element name="DateNaissance" type="xs:string" minOccurs="0"/>
            <xs:element name="LieuNaissance" type="xs:string" minOccurs="0"/>
          </xs:sequence></xs:complexType></xs:element>
        </xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:complexType name="Ins"><xs:sequence>
        <xs:element name="IdIndividu"><xs:complexType><xs:sequence>
          <xs:element name="NumIdentifiant" type="xs:string"/>
          <xs:element name="Cle" type="xs:string" minOccurs="0"/>
          <xs:element name="TypeMatricule" type="xs:string" minOccurs="0"/>
        </xs:sequence></xs:complexType></xs:element>
        <xs:element name="OID" type="xs:string"/>
        <xs:element name="DateDeb" type="xs:date" minOccurs="0"/>
        <xs:element name="DateFin" type="xs:date" minOccurs="0"/>
      </xs:sequence></xs:complexType>
    </xs:schema>
    <xs:schema targetNamespace="urn:siram:bam:ctxbam" elementFormDefault="qualified">
      <xs:element name="ContexteBAM"><xs:complexType><xs:sequence>
        <xs:element name="Id" type="xs:string"/>
        <xs:element name="Temps" type="xs:string"/>
        <xs:element name="Emetteur" type="xs:string" minOccurs="0"/>
        <xs:element name="COUVERTURE"><xs:complexType/></xs:element>
      </xs:sequence><xs:attribute name="Version" type="xs:string"/></xs:complexType></xs:element>
    </xs:schema>
    <xs:schema targetNamespace="urn:siram:lps:ctxlps" elementFormDefault="qualified">
      <xs:element name="ContexteLPS"><xs:complexType><xs:sequence>
        <xs:element name="Id" type="xs:string"/>
        <xs:element name="Temps" type="xs:string"/>
        <xs:element name="Emetteur" type="xs:string" minOccurs="0"/>
        <xs:element name="LPS" minOccurs="0"><xs:complexType><xs:sequence>
          <xs:element name="IDAM" minOccurs="0"><xs:complexType><xs:simpleContent>
            <xs:extension base="xs:string"><xs:attribute name="R" type="xs:string"/></xs:extension>
          </xs:simpleContent></xs:complexType></xs:element>
          <xs:element name="Version" type="xs:string" minOccurs="0"/>
          <xs:element name="Instance" type="xs:string" minOccurs="0"/>
          <xs:element name="Nom" type="xs:string" minOccurs="0"/>
        </xs:sequence></xs:complexType></xs:element>
      </xs:sequence><xs:attribute name="Version" type="xs:string"/></xs:complexType></xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="Request">
    <wsdl:part name="body" element="q:RECSANSVITALE"/>
    <wsdl:part name="bam" element="b:ContexteBAM"/>
    <wsdl:part name="lps" element="l:ContexteLPS"/>
  </wsdl:message>
  <wsdl:message name="CardRequest">
    <wsdl:part name="body" element="v:RECVITALE"/>
    <wsdl:part name="bam" element="b:ContexteBAM"/>
    <wsdl:part name="lps" element="l:ContexteLPS"/>
  </wsdl:message>
  <wsdl:message name="Response"><wsdl:part name="body" element="r:RESULTAT"/></wsdl:message>
  <wsdl:portType name="ICIRService">
    <wsdl:operation name="rechercherInsAvecCarteVitale">
      <wsdl:input message="tns:CardRequest"/><wsdl:output message="tns:Response"/>
    </wsdl:operation>
    <wsdl:operation name="rechercherInsAvecTraitsIdentite">
      <wsdl:input message="tns:Request"/><wsdl:output message="tns:Response"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="ICIRServiceBinding" type="tns:ICIRService">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="rechercherInsAvecCarteVitale">
      <soap:operation
          soapAction="urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale"/>
      <wsdl:input>
        <soap:header message="tns:CardRequest" part="bam" use="literal"/>
        <soap:header message="tns:CardRequest" part="lps" use="literal"/>
        <soap:body parts="body" use="literal"/>
      </wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
    <wsdl:operation name="rechercherInsAvecTraitsIdentite">
      <soap:operation
          soapAction="urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"/>
      <wsdl:input>
        <soap:header message="tns:Request" part="bam" use="literal"/>
        <soap:header message="tns:Request" part="lps" use="literal"/>
        <soap:body parts="body" use="literal"/>
      </wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="ICIR-v1">
    <wsdl:port name="ICIRService" binding="tns:ICIRServiceBinding">
      <soap:address location="http://127.0.0.1:8082/lps"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""
BINDING = "{http://www.cnamts.fr/webservice}ICIRServiceBinding"
TIME = "2026-01-05T08:00:00.000Z"


@pytest.fixture
def app(settings: Settings, clock: FixedClock) -> Flask:
    return create_app(settings, clock)


@pytest.fixture
def search(app: Flask, live: Callable[[Flask], str], tmp_path: Path) -> Callable[..., Any]:
    """The operation as zeep makes it from the WSDL, on a live server."""
    wsdl = tmp_path / "insi.wsdl"
    wsdl.write_text(WSDL, encoding="utf-8")
    client = zeep.Client(str(wsdl), plugins=[WsAddressingPlugin()])
    service = client.create_service(BINDING, live(app) + "/lps")

    def call(
        idam: str = "BANC-TEST", operation: str = "rechercherInsAvecTraitsIdentite", **traits: Any
    ) -> Any:
        software = {"IDAM": {"_value_1": idam, "R": "4"}, "Nom": "urn:lps:zeep:4.3"}
        lps = {"Id": "2", "Temps": TIME, "LPS": software, "Version": "01_00"}
        bam = {"Id": "1", "Temps": TIME, "COUVERTURE": {}, "Version": "01_02"}
        headers = {"bam": bam, "lps": lps}
        return service[operation](**traits, _soapheaders=headers)

    return call


def test_zeep_finds_a_person_with_a_history(app: Flask, search: Callable[..., Any]) -> None:
    found = search(
        NomNaissance="ECETINSI", Prenom=["PIERRE-ALAIN"], Sexe="M", DateNaissance="2009-07-14"
    )
    assert (found.CR.CodeCR, found.CR.LibelleCR) == ("00", "OK")
    assert found.INDIVIDU.INSACTIF.IdIndividu.NumIdentifiant == "1090763220834"
    assert found.INDIVIDU.INSACTIF.IdIndividu.Cle == "89"
    assert len(found.INDIVIDU.INSHISTO) == 2
    assert str(found.INDIVIDU.INSHISTO[0].DateDeb) == "2019-03-01"
    assert found.INDIVIDU.TIQ.ListePrenom == "PIERRE-ALAIN MURIEL FLORIANT"
    (line,) = service_of(app).journal.find()
    assert (line.outcome, line.software) == ("accepted", "zeep 4.3")


def test_zeep_finds_nobody_and_several(search: Callable[..., Any]) -> None:
    leonardo = {"NomNaissance": "DE VINCI", "Sexe": "M", "DateNaissance": "2014-02-01"}
    several = search(Prenom=["LEONARDO"], **leonardo)
    nobody = search(Prenom=["RAPHAEL"], **leonardo)
    assert [several.CR.CodeCR, nobody.CR.CodeCR] == ["02", "01"]
    assert several.INDIVIDU is None


def test_zeep_receives_a_fault_it_understands(app: Flask, search: Callable[..., Any]) -> None:
    with pytest.raises(Fault) as raised:
        search(idam="ZZZ", NomNaissance="X", Prenom=["Y"], Sexe="M", DateNaissance="2014-02-01")
    fault = raised.value
    assert "autorisé" in fault.message
    assert fault.subcodes[0].localname == "siram_100"
    assert b"desir_550" in zeep.wsdl.utils.etree_to_string(fault.detail)
    (line,) = service_of(app).journal.find()
    assert (line.outcome, line.codes) == ("unauthorized", ("desir_550",))


def test_zeep_searches_with_a_card(app: Flask, search: Callable[..., Any]) -> None:
    found = search(
        operation="rechercherInsAvecCarteVitale",
        MatriculeIndividu={"NumIdentifiant": "1090763220834"},
        DateNaissance="2009-07-14",
        RangNaissance="1",
    )
    assert found.CR.CodeCR == "00"
    assert found.INDIVIDU.TIQ.NomNaissance == "ECETINSI"
    (line,) = service_of(app).journal.find()
    assert (line.transaction, line.outcome, line.facts.get("lint")) == (
        "WS_INS1",
        "accepted",
        ["MessageID is not uuid:<UUID>"],
    )
