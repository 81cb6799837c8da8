"""A small official kit of our own invention: one schema, the four profiles, one volet."""

from __future__ import annotations

from pathlib import Path

from banc.validation.official import PROFILES, SCHEMA, SCHEMATRONS

LETTER = "CI-SIS_LDL-SES_2022.01.sch"
NAMESPACES = '<ns prefix="cda" uri="urn:hl7-org:v3"/><ns prefix="v" uri="urn:values"/>'
REALM = "the realm is one of the value set"
NO_ZZZ = "there is no zzz"
_SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
  targetNamespace="urn:hl7-org:v3" elementFormDefault="qualified">
  <xs:element name="ClinicalDocument"><xs:complexType><xs:sequence>
    <xs:element name="realmCode"><xs:complexType mixed="true"><xs:sequence>
      <xs:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
      <xs:attribute name="code"/></xs:complexType></xs:element>
    <xs:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element></xs:schema>"""


def schematron(*rules: str) -> str:
    """A schema of one pattern; a rule is the XML of a rule, or of an include."""
    return (
        '<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">'
        f"{NAMESPACES}{''.join(rules)}</schema>"
    )


def pattern(context: str, test: str, text: str) -> str:
    return (
        f'<pattern xmlns="http://purl.oclc.org/dsdl/schematron"><rule context="{context}">'
        f'<assert test="{test}">{text}</assert></rule></pattern>'
    )


KNOWN_REALM = pattern(
    "cda:realmCode", "@code = document('../../jeuxDeValeurs/realms.xml')//v:c/@code", REALM
)


def official_kit(folder: Path, **changed: str) -> Path:
    """Write the kit. changed: text of the profiles ``ihe`` and ``volet``, and of ``schema``."""
    files = {name: schematron() for name in (f"{SCHEMATRONS}/{item}" for item in PROFILES)}
    files |= {
        SCHEMA: changed.get("schema", _SCHEMA),
        f"{SCHEMATRONS}/{PROFILES[0]}": changed.get(
            "ihe", schematron('<include href="../include/realm.sch"/>')
        ),
        f"{SCHEMATRONS}/include/realm.sch": KNOWN_REALM,
        f"{SCHEMATRONS}/{LETTER}": changed.get(
            "volet", schematron(pattern("cda:zzz", "false()", NO_ZZZ))
        ),
        "jeuxDeValeurs/realms.xml": '<v:set xmlns:v="urn:values"><v:c code="FR"/></v:set>',
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
