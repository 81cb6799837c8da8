"""Builders of small invented CDA documents: valid by default, spoil one thing."""

from __future__ import annotations

import base64

PDF = b"%PDF-1.4\n%invented\n%%EOF\n"
N1_TEMPLATE = "1.3.6.1.4.1.19376.1.2.20"
LDL_TEMPLATE = "1.2.250.1.213.1.1.1.29"


def a_cda(
    *,
    unique_id: str = 'root="1.2.250.1.999.1.1"',
    template: str = LDL_TEMPLATE,
    type_code: str = "11490-0",
    effective_time: str = "20260105103000+0100",
    ins: str = '<id root="1.2.250.1.213.1.4.10" extension="279035121518989"/>',
    given: str = '<given>ALIX MARIE</given><given qualifier="BR">ALIX</given>',
    body: str = "",
    related: str = "",
) -> bytes:
    """A discharge letter (N3) of an invented person and hospital."""
    body = body or letter("<paragraph>Sortie à domicile.</paragraph>")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="http://evil.test/x.xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="FR"/>
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<templateId root="2.16.840.1.113883.2.8.2.1"/><templateId root="1.2.250.1.213.1.1.1.1"/>
<templateId root="{template}"/><id {unique_id}/>
<code code="{type_code}" codeSystem="2.16.840.1.113883.6.1" displayName="Lettre de liaison"/>
<title>Lettre de <sub/>liaison</title><effectiveTime value="{effective_time}"/>
<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="Normal"/>
<languageCode code="fr-FR"/><setId root="1.2.250.1.999.1"/><versionNumber value="1"/>
<recordTarget><patientRole>{ins}<id root="1.2.250.1.999.7" extension="0123456"/>
<patient><name><family qualifier="BR">ESSAI</family>{given}</name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>
<birthTime value="19790328"/>
<birthplace><place><addr><county>51215</county></addr></place></birthplace>
</patient></patientRole></recordTarget>
<author><functionCode code="PCP" displayName="Médecin traitant"/>
<time value="20260105103000+0100"/><assignedAuthor>
<id root="1.2.250.1.71.4.2.1" extension="810000000017"/>
<code code="G15_10/SM26" codeSystem="1.2.250.1.213.1.1.4.5" displayName="Médecin"/>
<assignedPerson><name><family>TESTEUR</family><given>Camille</given></name></assignedPerson>
<representedOrganization><id root="1.2.250.1.71.4.2.2" extension="1990000016"/>
<name>CH D'ESSAI</name></representedOrganization></assignedAuthor></author>
<author><time value="20260105103000+0100"/><assignedAuthor>
<id root="1.2.250.1.71.4.2.1" extension="1990000016/robot"/><assignedAuthoringDevice>
<manufacturerModelName>Modèle</manufacturerModelName><softwareName>Logiciel</softwareName>
</assignedAuthoringDevice></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization>
<id root="1.2.250.1.71.4.2.2" extension="1990000016"/><name>CH D'ESSAI</name>
</representedCustodianOrganization></assignedCustodian></custodian>
<legalAuthenticator><time value="20260105103000+0100"/><signatureCode code="S"/><assignedEntity>
<id root="1.2.250.1.71.4.2.1" extension="1990000016/77"/>
<assignedPerson><name><family>TESTEUR</family><given>Camille</given></name></assignedPerson>
</assignedEntity></legalAuthenticator>
<inFulfillmentOf><order><id root="1.2.250.1.999.9" extension="42"/></order></inFulfillmentOf>
<documentationOf><serviceEvent><code code="IMP" codeSystem="2.16.840.1.113883.5.4"/>
<effectiveTime><low value="202607010830+0200"/><high value="20260705"/></effectiveTime>
<performer typeCode="PRF"><assignedEntity><id nullFlavor="UNK"/><representedOrganization>
<name>Service</name><standardIndustryClassCode code="ETABLISSEMENT"
 codeSystem="1.2.250.1.213.1.1.4.9" displayName="Établissement"/></representedOrganization>
</assignedEntity></performer></serviceEvent></documentationOf>
<documentationOf><serviceEvent><code code="Z00" codeSystem="2.16.840.1.113883.6.3"/>
</serviceEvent></documentationOf>{related}
<componentOf><encompassingEncounter><id root="1.2.250.1.999.8" extension="S1"/>
<code code="IMP" codeSystem="2.16.840.1.113883.5.4" displayName="Hospitalisation"/>
<effectiveTime><low value="20260701083000+0200"/></effectiveTime><location><healthCareFacility>
<id root="1.2.250.1.71.4.2.2" extension="1990000016"/>
<code code="SA01" codeSystem="1.2.250.1.71.4.2.4" displayName="Public"/></healthCareFacility>
</location></encompassingEncounter></componentOf>
<component>{body}</component></ClinicalDocument>""".encode()


LETTER = (  # template and code of each section that a discharge letter has
    ("1.2.250.1.213.1.1.2.35.1", "33557-0"),
    ("1.3.6.1.4.1.19376.1.5.3.1.3.1", "42349-1"),
    ("1.3.6.1.4.1.19376.1.7.3.1.1.13.7", "42545-4"),
    ("1.3.6.1.4.1.19376.1.5.3.1.3.22", "10183-2"),
)


def letter(narrative: str) -> str:
    """The body of a discharge letter: the sections of its model, each with the same narrative."""
    sections = (
        f'<component><section><templateId root="{template}"/>'
        f'<code code="{code}" codeSystem="2.16.840.1.113883.6.1"/><title>Synthèse</title>'
        f"<text>{narrative}</text></section></component>"
        for template, code in LETTER
    )
    return f"<structuredBody>{''.join(sections)}</structuredBody>"


def structured(narrative: str, entry: str = "") -> str:
    """A structured body of one section."""
    return (
        "<structuredBody><component><section><title>Synthèse</title>"
        f"<text>{narrative}</text>{entry}</section></component></structuredBody>"
    )


def unstructured(content: bytes = PDF, media_type: str = "application/pdf") -> str:
    """A body that is no XML."""
    encoded = base64.b64encode(content).decode()
    return (
        f'<nonXMLBody><text mediaType="{media_type}" representation="B64">{encoded}</text>'
        "</nonXMLBody>"
    )


def a_pdf_cda() -> bytes:
    """A document of level N1."""
    return a_cda(template=N1_TEMPLATE, body=unstructured())


def self_presenting(cda: bytes) -> bytes:
    """A document wrapped in the stylesheet that shows it."""
    inner = cda.split(b"?>", 2)[2]
    return (
        b'<?xml version="1.0"?><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
        b' version="1.0"><xsl:template match="/"><p/></xsl:template><xsl:variable name="cda">'
        + inner
        + b"</xsl:variable></xsl:stylesheet>"
    )
