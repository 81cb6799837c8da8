"""DMP mock, rules of TD2.1: metadata and lot say what the CDA says.

Which field is refused is told by ``kit.cda.COMPARED``; a difference that is not refused becomes a
remark. Not here: how metadata follow from a CDA (``kit.cda``), the CDA alone (``conformity``).
"""

from __future__ import annotations

from collections.abc import Iterator

from kit import cda
from kit.rules import Finding
from kit.xds import vocabulary
from mocks.dmp import errors
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot
from mocks.dmp.rules.feeding import ITI, Feeding, Policy, cdas, name_of, submission

# Refused whatever the settings: without them the document is another one.
IDENTIFYING = ("uniqueId", "typeCode", "patientId")
# Refused by rules of their own, which know older tables (``codes``).
JUDGED_AS_CODES = ("classCode", "formatCode")


@submission.rule(errors.METADATA, source="CI-SIS, partage: metadata derived from the CDA")
def metadata_say_what_the_cda_says(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    for _, found in _differences(lot):
        if _is_refused(found.field, around.policy):
            yield found


@submission.rule(errors.METADATA, source=f"CI-SIS, partage: relatedDocument; {ITI}")
def what_is_replaced_is_what_the_cda_names(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    if around.policy.cda_metadata != "strict":
        return
    named = {item.entry.entry_uuid: header.replaces for item, header in cdas(lot)}
    for link in lot.submission.of_kind(vocabulary.RPLC):
        parent, target = named.get(link.source), around.known.entry(link.target)
        if parent and target and target.unique_id != parent.text:
            wanted = f"{parent.text}, as in the CDA (relatedDocument/parentDocument/id)"
            yield Finding(link.source, "Association RPLC", target.unique_id, wanted)


def remarks(lot: ProvidedLot) -> list[str]:
    """What the real service accepts and an integrator should see; for the journal."""
    flagged = [
        _told(item, found)
        for item, found in _differences(lot)
        if not cda.COMPARED[found.field].is_binding
    ]
    return [*flagged, *_replacements(lot)]


def agreement_remarks(lot: ProvidedLot, policy: Policy) -> list[str]:
    """What a lenient bench lets pass, beside what is never refused."""
    return [
        _told(item, found)
        for item, found in _differences(lot)
        if _is_judged_here(found.field) and not _is_refused(found.field, policy)
    ]


def _differences(lot: ProvidedLot) -> Iterator[tuple[ProvidedDocument, Finding]]:
    for item, _ in cdas(lot):
        for found in item.differences:
            yield item, found


def _is_judged_here(field: str) -> bool:
    return cda.COMPARED[field].is_binding and field not in JUDGED_AS_CODES


def _is_refused(field: str, policy: Policy) -> bool:
    return field in IDENTIFYING or (policy.cda_metadata == "strict" and _is_judged_here(field))


def _told(item: ProvidedDocument, found: Finding) -> str:
    seen = found.seen or "nothing"
    return f"{name_of(item)}: {found.field} {seen}, expected {found.expected}"


def _replacements(lot: ProvidedLot) -> Iterator[str]:
    """A replacement that only one of CDA and lot tells."""
    sources = {link.source for link in lot.submission.of_kind(vocabulary.RPLC)}
    for item, header in cdas(lot):
        is_replacing = item.entry.entry_uuid in sources
        if header.replaces and not is_replacing:
            yield (f"{name_of(item)}: the CDA replaces {header.replaces.text}, the lot has no RPLC")
        if is_replacing and not header.replaces:
            yield f"{name_of(item)}: the lot has an RPLC, the CDA no relatedDocument"
