"""DMP mock, messages: the HL7 v3 wrapper that the services of ``/patients`` share.

Not here: what travels in it (``existence``, ``revision``, ``demographics``).
Source: HL7 v3 NE2009, as the DMP profiles it (DMP examples).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kit.identity import Ins
from kit.rules import Refusal
from kit.xml import NS, Element, build, find, find_text, need, need_attribute, qname

INTERACTION = "2.16.840.1.113883.1.6"
DMP_SYSTEM = "1.2.250.1.213.4.1.1.1"
DMP_MESSAGES = "1.2.250.1.213.4.1.1.1.1"
REASON = "1.2.250.1.213.1.1.4.11"
OBSERVATIONS = "1.2.250.1.213.4.1.2.3"
CLOSING_MOTIVES = "1.2.250.1.213.4.1.2.4"


@dataclass(frozen=True, slots=True)
class Header:
    """What a request says before its content. sent_at: YYYYMMDDhhmmss."""

    message_id: str
    sent_at: str
    sender_oid: str
    sender_name: str
    reason_code: str


def read_header(body: Element) -> Header:
    """Read the wrapper of a request. Raises Malformed when a part is missing."""
    act = need(body, "hl7:controlActProcess")
    return Header(
        message_id=need_attribute(need(body, "hl7:id"), "extension", where="id"),
        sent_at=need_attribute(need(body, "hl7:creationTime"), "value", where="creationTime"),
        sender_oid=need_attribute(need(body, "hl7:sender/hl7:device/hl7:id"), "root"),
        sender_name=find_text(body, "hl7:sender/hl7:device/hl7:name"),
        reason_code=need_attribute(need(act, "hl7:reasonCode"), "code", where="reasonCode"),
    )


def write_request(name: str, header: Header, *content: Element) -> Element:
    """A request: its wrapper, and what its controlActProcess holds."""
    identifier = hl7("id", root=header.sender_oid, extension=header.message_id)
    root = message(name, identifier, header.sent_at, accept="AL")
    root.append(device("receiver", DMP_SYSTEM, "DMP"))
    root.append(device("sender", header.sender_oid, header.sender_name))
    root.append(nil("attentionLine"))
    root.append(act(header.reason_code, *content))
    return root


def write_answer(
    name: str,
    header: Header,
    acknowledged: Element,
    *,
    at: str,
    attention: Iterable[Element] = (),
) -> Element:
    """An answer up to its acknowledgement; ``attention``: the lines that stand before it."""
    identifier = hl7("id", root=DMP_MESSAGES, extension=header.message_id)
    root = message(name, identifier, at, accept="NE")
    root.append(device("receiver", header.sender_oid, header.sender_name))
    root.append(device("sender", DMP_SYSTEM, "DMP"))
    root.extend(attention)
    root.append(acknowledged)
    return root


def acknowledgement(header: Header, refusals: Iterable[Refusal] = ()) -> Element:
    """AA, or AE with every refusal."""
    told = tuple(refusals)
    target = hl7("id", root=header.sender_oid, extension=header.message_id)
    made = hl7("acknowledgement", hl7("targetMessage", target), typeCode="AE" if told else "AA")
    for refusal in told:
        code = hl7("code", code=refusal.code.code)
        text = hl7("text", f"{refusal.code.meaning}; {refusal.text}")
        made.append(hl7("acknowledgementDetail", code, text, typeCode="E"))
    return made


def read_detail(element: Element) -> tuple[str, str]:
    """Code and text of the first acknowledgementDetail, "" without one."""
    detail = find(element, "hl7:acknowledgement/hl7:acknowledgementDetail")
    if detail is None:
        return "", ""
    return need_attribute(need(detail, "hl7:code"), "code"), find_text(detail, "hl7:text")


def read_ins(element: Element) -> Ins:
    """An INS from its root and extension."""
    return Ins(need_attribute(element, "extension"), need_attribute(element, "root"))


def write_ins(name: str, ins: Ins) -> Element:
    """An INS as an HL7 v3 identifier."""
    return hl7(name, root=ins.oid, extension=ins.matricule)


def hl7(name: str, *children: Element | str, **attributes: str) -> Element:
    return build(f"hl7:{name}", *children, nsmap=_nsmap(), **attributes)


def _nsmap() -> dict[str, str]:
    return {None: NS["hl7"], "xsi": NS["xsi"]}  # type: ignore[dict-item]


def message(name: str, identifier: Element, at: str, *, accept: str) -> Element:
    """The HL7 v3 transmission wrapper, up to the acceptance code."""
    return hl7(
        name,
        identifier,
        hl7("creationTime", value=at),
        hl7("interactionId", root=INTERACTION, extension=name),
        hl7("processingCode", code="D"),
        hl7("processingModeCode", code="T"),
        hl7("acceptAckCode", code=accept),
        ITSVersion="XML_1.0",
    )


def device(role: str, oid: str, name: str) -> Element:
    device = hl7("device", hl7("id", root=oid), classCode="DEV", determinerCode="INSTANCE")
    if name:
        device.append(hl7("name", name))
    return hl7(role, device, typeCode="RCV" if role == "receiver" else "SND")


def act(reason: str, *children: Element) -> Element:
    code = hl7("reasonCode", code=reason, codeSystem=REASON)
    return hl7("controlActProcess", code, *children, classCode="CACT", moodCode="EVN")


def boolean(value: bool) -> Element:
    element = hl7("value", value="true" if value else "false")
    element.set(qname("xsi:type"), "BL")
    return element


def nil(name: str) -> Element:
    """An element that is there and says nothing."""
    element = hl7(name)
    element.set(qname("xsi:nil"), "true")
    return element


def observation(code: str, system: str, value: bool) -> Element:
    observed = hl7(
        "administrativeObservation",
        hl7("code", code=code, codeSystem=system),
        boolean(value),
        classCode="OBS",
        moodCode="EVN",
    )
    return hl7("subjectOf", observed, typeCode="SBJ")


def query_ack(query: Header, code: str) -> Element:
    return hl7(
        "queryAck",
        hl7("queryId", root=f"{query.sender_oid}.2", extension=query.message_id),
        hl7("queryResponseCode", code=code),
    )


def attribute_of(element: Element | None, name: str) -> str:
    """An attribute, "" when it or its element is absent."""
    return "" if element is None else element.get(name, "")
