"""DMP, outside judges: a zeep client, and a request written by hand as another software would.

The only words of ours are the VIHF and the signature of the lot, which need our test authority.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import zeep
from flask import Flask
from zeep.wsa import WsAddressingPlugin

from kit.signature import write_lot_signature
from kit.xml import serialize
from mocks.dmp import messages
from tests.mocks.dmp.builders import (
    ARC,
    HOSPITAL,
    INS,
    NOW,
    STRUCTURE,
    a_card_vihf,
    a_document,
    a_hospital,
    a_hospital_vihf,
)
from tests.mocks.dmp.conftest import Bench, bench, make_bench, pki

__all__ = ["bench", "make_bench", "pki"]  # fixtures

RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"

WSDL = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"
    xmlns:s="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:m="{RIM}">
  <types>
    <xs:schema targetNamespace="{RIM}" elementFormDefault="qualified">
      <xs:element name="AdhocQuery"><xs:complexType><xs:sequence>
        <xs:element name="Slot" maxOccurs="unbounded"><xs:complexType><xs:sequence>
          <xs:element name="ValueList"><xs:complexType><xs:sequence>
            <xs:element name="Value" type="xs:string" maxOccurs="unbounded"/>
          </xs:sequence></xs:complexType></xs:element>
        </xs:sequence><xs:attribute name="name" type="xs:string"/></xs:complexType></xs:element>
      </xs:sequence><xs:attribute name="id" type="xs:anyURI"/></xs:complexType></xs:element>
      <xs:element name="RegistryObjectList"><xs:complexType><xs:sequence>
        <xs:element name="ObjectRef" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
          <xs:attribute name="id" type="xs:anyURI"/></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
    </xs:schema>
    <xs:schema targetNamespace="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
        elementFormDefault="qualified" xmlns:m="{RIM}">
      <xs:import namespace="{RIM}"/>
      <xs:element name="AdhocQueryRequest"><xs:complexType><xs:sequence>
        <xs:element name="ResponseOption"><xs:complexType>
          <xs:attribute name="returnType" type="xs:string"/>
          <xs:attribute name="returnComposedObjects" type="xs:boolean"/>
        </xs:complexType></xs:element>
        <xs:element ref="m:AdhocQuery"/>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="AdhocQueryResponse"><xs:complexType><xs:sequence>
        <xs:element ref="m:RegistryObjectList"/>
      </xs:sequence><xs:attribute name="status" type="xs:anyURI"/>
        <xs:attribute name="startIndex" type="xs:integer"/>
        <xs:attribute name="totalResultCount" type="xs:integer"/></xs:complexType></xs:element>
    </xs:schema>
  </types>
  <message name="In"><part name="body" element="q:AdhocQueryRequest"/></message>
  <message name="Out"><part name="body" element="q:AdhocQueryResponse"/></message>
  <portType name="Registry"><operation name="RegistryStoredQuery">
    <input message="t:In"/><output message="t:Out"/></operation></portType>
  <binding name="Registry" type="t:Registry">
    <s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="RegistryStoredQuery">
      <s:operation soapAction="urn:ihe:iti:2007:RegistryStoredQuery"/>
      <input><s:body use="literal"/></input><output><s:body use="literal"/></output>
    </operation></binding>
  <service name="Dmp"><port name="Registry" binding="t:Registry">
    <s:address location="http://127.0.0.1:8081/"/></port></service>
</definitions>"""


@pytest.fixture
def base(bench: Bench, live: Callable[[Flask], str]) -> str:
    """The mock on a live server."""
    return live(bench.client.application)


def test_a_zeep_client_finds_a_document(bench: Bench, base: str, tmp_path: Path) -> None:
    bench.feed(a_document(1))
    wsdl = tmp_path / "dmp.wsdl"
    wsdl.write_text(WSDL, encoding="utf-8")
    client = zeep.Client(str(wsdl), plugins=[WsAddressingPlugin()])
    service = client.create_service("{urn:t}Registry", base + messages.REGISTRY)
    answer = service.RegistryStoredQuery(
        ResponseOption={"returnType": "ObjectRef", "returnComposedObjects": True},
        AdhocQuery=_find_documents(),
        _soapheaders=[messages.write_security(a_card_vihf(bench.pki))],
    )
    assert (answer.status, answer.totalResultCount, answer.startIndex) == (SUCCESS, 1, 0)
    assert answer.RegistryObjectList.ObjectRef[0].id.startswith("urn:uuid:")
    assert bench.line.facts == {"found": 1}


def _find_documents() -> dict[str, Any]:
    def slot(name: str, value: str) -> dict[str, Any]:
        return {"name": f"$XDSDocumentEntry{name}", "ValueList": {"Value": [value]}}

    approved = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
    return {
        "id": "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d",
        "Slot": [slot("PatientId", f"'{INS.cx}'"), slot("Status", approved)],
    }


# A lot as another software writes it: other prefixes, other order, other MIME habits.


def classification(owner: str, scheme: str, code: str, system: str) -> str:
    return (
        f"<r:Classification id='{owner}-{scheme[:4]}-{code[:8]}' classifiedObject='{owner}' "
        f"classificationScheme='urn:uuid:{scheme}' nodeRepresentation='{code}'>"
        f"<r:Slot name='codingScheme'><r:ValueList><r:Value>{system}</r:Value></r:ValueList>"
        "</r:Slot><r:Name><r:LocalizedString value='x'/></r:Name></r:Classification>"
    )


def author(owner: str, scheme: str, structure: str = STRUCTURE) -> str:
    xon = f"{HOSPITAL.name}^^^^^&amp;1.2.250.1.71.4.2.2&amp;ISO^IDNST^^^{structure}"
    xcn = "810000000017^TESTEUR^Camille^^^^^^&amp;1.2.250.1.71.4.2.1&amp;ISO^D^^^IDNPS"
    return (
        f"<r:Classification id='{owner}-author' classifiedObject='{owner}' nodeRepresentation='' "
        f"classificationScheme='urn:uuid:{scheme}'>{slot('authorInstitution', xon)}"
        f"{slot('authorPerson', xcn)}</r:Classification>"
    )


def slot(name: str, *values: str) -> str:
    listed = "".join(f"<r:Value>{value}</r:Value>" for value in values)
    return f"<r:Slot name='{name}'><r:ValueList>{listed}</r:ValueList></r:Slot>"


def identifier(owner: str, scheme: str, value: str) -> str:
    escaped = value.replace("&", "&amp;")
    return (
        f"<r:ExternalIdentifier id='{owner}-{scheme[:4]}' registryObject='{owner}' "
        f"identificationScheme='urn:uuid:{scheme}' value='{escaped}'/>"
    )


AUTHORS_OWN = "1990000016"  # the structure of the author, as the letter says it


def entry(name: str, unique_id: str, codes: str, slots: str) -> str:
    return (
        f"<r:ExtrinsicObject id='{name}' mimeType='text/xml' "
        f"objectType='urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1'>{slots}"
        f"<r:Name><r:LocalizedString xml:lang='FR' charset='UTF8' value='Lettre'/></r:Name>"
        f"{codes}{author(name, '93606bcf-9494-43ec-9b4e-a7748d1a838d', AUTHORS_OWN)}"
        f"{identifier(name, '58a6f841-87b3-4a3e-92fd-a8ffeff98427', INS.cx)}"
        f"{identifier(name, '2e82c1f6-a085-4c72-9da3-8640a32e42ab', unique_id)}"
        "</r:ExtrinsicObject>"
    )


CLASS, TYPE = "41a5887f-8865-4c09-adf7-e362475b143a", "f0306f51-975f-434e-a61c-c59651d33983"
FORMAT = "a09d5840-386c-46f2-b5ad-9c3699a4309d"
CONFIDENTIALITY = "f4f85eac-e6cb-4883-b524-f2705394840f"
FACILITY = "f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
PRACTICE = "cccf5598-8b07-4b77-a05e-ae952c785ead"
SLOTS = (
    slot("creationTime", "20260105093000")
    + slot("languageCode", "fr-FR")
    + slot("serviceStartTime", "20260105093000")
    + slot("sourcePatientId", "0123456^^^&amp;1.2.250.1.999.7&amp;ISO^PI")
    + slot("sourcePatientInfo", "PID-5|ESSAI^ALIX^^^^^L", "PID-7|19790328", "PID-8|F")
    + slot("legalAuthenticator", "1990000016/77^TESTEUR^Camille^^^^^^&amp;1.2.3&amp;ISO^D^^^EI")
)


def places(name: str) -> str:
    return classification(name, FACILITY, "SA01", "1.2.250.1.71.4.2.4") + classification(
        name, PRACTICE, "ETABLISSEMENT", "1.2.250.1.213.1.1.4.9"
    )


def the_letter() -> str:
    name = "doc-A"
    codes = (
        classification(name, TYPE, "11490-0", "2.16.840.1.113883.6.1")
        + classification(name, CLASS, "10", "1.2.250.1.213.1.1.4.1")
        + classification(name, FORMAT, "urn:asip:ci-sis:ldl-ses:2017", "1.2.250.1.213.1.1.4.2.282")
        + classification(name, CONFIDENTIALITY, "N", "2.16.840.1.113883.5.25")
        + places(name)
    )
    return entry(name, f"{ARC}.1", codes, SLOTS)


def the_signature() -> str:
    name = "sig-A"
    codes = (
        classification(name, TYPE, "E1762", "ASTM")
        + classification(name, CLASS, "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN")
        + classification(name, FORMAT, "http://www.w3.org/2000/09/xmldsig#", "URN")
        + classification(name, CONFIDENTIALITY, "N", "2.16.840.1.113883.5.25")
        + places(name)
    )
    return entry(name, f"{ARC}.8.1", codes, SLOTS.replace("fr-FR", "art"))


def association(kind: str, source: str, target: str) -> str:
    return (
        f"<r:Association id='{source}-{target}' associationType='{kind}' sourceObject='{source}' "
        f"targetObject='{target}'>{slot('SubmissionSetStatus', 'Original')}</r:Association>"
    )


MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
SIGNS = "urn:ihe:iti:2007:AssociationType:signs"


def the_lot() -> str:
    return (
        f"<r:RegistryPackage id='lot-A'>{slot('submissionTime', '20260105080000')}"
        + author("lot-A", "a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d")
        + classification("lot-A", "aa543740-bdda-424e-8c96-df4873be8500", "03", "1.2.250.1.213.2.2")
        + identifier("lot-A", "6b5aea1a-874d-4603-a4bc-96a0a7b38446", INS.cx)
        + identifier("lot-A", "554ac39e-e3fe-47fe-b233-965d2a147832", ARC)
        + identifier("lot-A", "96fdda7c-d067-4183-912e-bf5ee74998a8", f"{ARC}.9.1")
        + "</r:RegistryPackage><r:Classification id='node' classifiedObject='lot-A' "
        "classificationNode='urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd'/>"
    )


def the_envelope(vihf: str) -> str:
    objects = (
        association(MEMBER, "lot-A", "doc-A")
        + association(MEMBER, "lot-A", "sig-A")
        + association(SIGNS, "sig-A", "lot-A")
        + the_signature()
        + the_letter()
        + the_lot()
    )
    include = "<i:Include xmlns:i='http://www.w3.org/2004/08/xop/include' href='cid:{}'/>"
    parts = "".join(
        f"<d:Document id='{name}'>{include.format(cid)}</d:Document>"
        for name, cid in (("sig-A", "two%40lps.example"), ("doc-A", "one%40lps.example"))
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?>"
        "<S:Envelope xmlns:S='http://www.w3.org/2003/05/soap-envelope' "
        "xmlns:A='http://www.w3.org/2005/08/addressing'><S:Header>"
        f"<A:Action>{messages.ITI_41}</A:Action><A:MessageID>urn:uuid:7</A:MessageID><A:To/>"
        "<W:Security xmlns:W='http://docs.oasis-open.org/wss/2004/01/"
        f"oasis-200401-wss-wssecurity-secext-1.0.xsd'>{vihf}</W:Security></S:Header><S:Body>"
        "<d:ProvideAndRegisterDocumentSetRequest xmlns:d='urn:ihe:iti:xds-b:2007'>"
        "<l:SubmitObjectsRequest xmlns:l='urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0' "
        f"xmlns:r='{RIM}'><r:RegistryObjectList>{objects}</r:RegistryObjectList>"
        f"</l:SubmitObjectsRequest>{parts}</d:ProvideAndRegisterDocumentSetRequest>"
        "</S:Body></S:Envelope>"
    )


def the_message(bench: Bench, letter: bytes) -> tuple[str, bytes]:
    """Content-Type and body: a preamble, parts out of order, headers in capitals."""
    vihf = serialize(a_hospital_vihf(bench.pki)).decode()
    signature = write_lot_signature(
        f"{ARC}.9.1",
        [(f"{ARC}.1", letter)],
        credential=a_hospital(bench.pki).sign,
        signed_at=NOW,
        id_base="S",
    )
    soap = the_envelope(vihf).encode()
    xop = b'application/xop+xml;charset=utf-8;type="application/soap+xml"'
    parts = [
        (b"two@lps.example", b"text/xml", signature),
        (b"root@lps.example", xop, soap),
        (b"one@lps.example", b"text/xml", letter),
    ]
    body = b"This is a multi-part message."
    for content_id, kind, content in parts:
        body += b"\r\n--=_lps_7\r\nCONTENT-ID: <" + content_id + b">\r\nCONTENT-TYPE: " + kind
        body += b"\r\nCONTENT-TRANSFER-ENCODING: 8BIT\r\n\r\n" + content
    body += b"\r\n--=_lps_7--\r\nThe end."
    return (
        'Multipart/Related; type="application/xop+xml"; start="<root@lps.example>"; '
        f'boundary="=_lps_7"; start-info="application/soap+xml"; action="{messages.ITI_41}"'
    ), body


def test_a_lot_written_by_another_software_is_accepted(bench: Bench, base: str) -> None:
    letter = a_document(1)
    kind, body = the_message(bench, letter)
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
    connection.request("POST", messages.REPOSITORY, body, {"Content-Type": kind})
    answer = connection.getresponse()
    root = ElementTree.fromstring(answer.read())
    connection.close()
    response = root.find(f".//{{{RS}}}RegistryResponse")
    assert response is not None
    errors = [error.get("codeContext") for error in response.iter(f"{{{RS}}}RegistryError")]
    assert (response.get("status"), errors) == (SUCCESS, [])
    assert bench.retrieve(f"{ARC}.1").documents[0].content == letter
