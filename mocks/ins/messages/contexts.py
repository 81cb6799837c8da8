"""INS messages, contexts: ContexteBAM and ContexteLPS, the two headers of every call.

Read leniently into optional values: whether a context is complete is for the rules to say, all at
once. Not here: WS-Addressing (``kit.soap``), the assertion (``assertion``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from kit.rules import Malformed
from kit.xml import NS, Element, build, find_all, find_text

_IDAM_REFERENCE = "4"  # attribute R of an authorization number, INSi service


@dataclass(frozen=True, slots=True)
class BamContext:
    """ContexteBAM: who asks and when; coverage is empty without a Vitale card."""

    id: str
    stated_at: datetime | None
    sender: str = ""
    version: str = "01_02"
    nature: str = ""
    has_coverage: bool = True


@dataclass(frozen=True, slots=True)
class LpsContext:
    """ContexteLPS: the software that asks. idam: its authorization number."""

    id: str
    stated_at: datetime | None
    sender: str = ""
    idam: str = ""
    software_version: str = ""
    instance: str = ""
    software_name: str = ""
    version: str = "01_00"
    nature: str = ""

    @property
    def software(self) -> str:
        """Product and version: ``urn:lps:<product>:<version>`` -> ``<product> <version>``."""
        _, _, rest = self.software_name.partition("urn:lps:")
        product, _, version = (rest or self.software_name).rpartition(":")
        return f"{product or version} {self.software_version or version}".strip()


@dataclass(frozen=True, slots=True)
class Contexts:
    """Both contexts of a call; None for one that is absent."""

    bam: BamContext | None = None
    lps: LpsContext | None = None


def read_contexts(header: Element | None) -> Contexts:
    """Read both contexts from the SOAP header, in any order.

    Raises Malformed when one is there twice.
    """
    if header is None:
        return Contexts()
    bam, lps = _only(header, "ctxbam:ContexteBAM"), _only(header, "ctxlps:ContexteLPS")
    return Contexts(
        None if bam is None else _read_bam(bam),
        None if lps is None else _read_lps(lps),
    )


def read_action(header: Element | None) -> str:
    """wsa:Action of the header itself; the one of the Content-Type does not replace it."""
    return "" if header is None else find_text(header, "wsa:Action")


def write_contexts(contexts: Contexts) -> tuple[Element, ...]:
    """The header blocks of a call."""
    blocks = []
    if contexts.bam is not None:
        blocks.append(_write_bam(contexts.bam))
    if contexts.lps is not None:
        blocks.append(_write_lps(contexts.lps))
    return tuple(blocks)


def _only(header: Element, name: str) -> Element | None:
    found = find_all(header, name)
    if len(found) > 1:
        raise Malformed("soap:Header", f"{name} is there {len(found)} times, at most once")
    return found[0] if found else None


def _read_bam(context: Element) -> BamContext:
    return BamContext(
        id=find_text(context, "ctxbam:Id"),
        stated_at=read_instant(find_text(context, "ctxbam:Temps")),
        sender=find_text(context, "ctxbam:Emetteur"),
        version=context.get("Version", ""),
        nature=context.get("Nature", ""),
        has_coverage=context.find("ctxbam:COUVERTURE", NS) is not None,
    )


def _read_lps(context: Element) -> LpsContext:
    return LpsContext(
        id=find_text(context, "ctxlps:Id"),
        stated_at=read_instant(find_text(context, "ctxlps:Temps")),
        sender=find_text(context, "ctxlps:Emetteur"),
        idam=find_text(context, "ctxlps:LPS/ctxlps:IDAM"),
        software_version=find_text(context, "ctxlps:LPS/ctxlps:Version"),
        instance=find_text(context, "ctxlps:LPS/ctxlps:Instance"),
        software_name=find_text(context, "ctxlps:LPS/ctxlps:Nom"),
        version=context.get("Version", ""),
        nature=context.get("Nature", ""),
    )


def _write_bam(context: BamContext) -> Element:
    element = _root("ctxbam:ContexteBAM", context)
    _add(element, "ctxbam:Id", context.id)
    _add(element, "ctxbam:Temps", write_instant(context.stated_at))
    _add(element, "ctxbam:Emetteur", context.sender)
    if context.has_coverage:
        element.append(build("ctxbam:COUVERTURE"))
    return element


def _write_lps(context: LpsContext) -> Element:
    software = build("ctxlps:LPS")
    if context.idam:
        software.append(build("ctxlps:IDAM", context.idam, R=_IDAM_REFERENCE))
    _add(software, "ctxlps:Version", context.software_version)
    _add(software, "ctxlps:Instance", context.instance)
    _add(software, "ctxlps:Nom", context.software_name)
    element = _root("ctxlps:ContexteLPS", context)
    _add(element, "ctxlps:Id", context.id)
    _add(element, "ctxlps:Temps", write_instant(context.stated_at))
    _add(element, "ctxlps:Emetteur", context.sender)
    if len(software):
        element.append(software)
    return element


def _root(name: str, context: BamContext | LpsContext) -> Element:
    element = build(name)
    for attribute, value in (("Nature", context.nature), ("Version", context.version)):
        if value:
            element.set(attribute, value)
    return element


def _add(element: Element, name: str, value: str) -> None:
    if value:
        element.append(build(name, value))


def read_instant(text: str) -> datetime | None:
    """An xsd:dateTime; without a zone it is UTC. None when it is not one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" not in text:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def write_instant(at: datetime | None) -> str:
    """An instant in UTC with milliseconds, as the contexts have it; empty for None."""
    if at is None:
        return ""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
