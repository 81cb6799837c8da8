"""CDA, rules: a document spoilt in one thing is refused by the right rule, at the right place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import cda
from kit.cda.models import REQUIRED_SECTIONS, SECTION_CODES
from kit.rules import Malformed, Refusal
from kit.xml import Element, serialize
from simulator.documents import KINDS
from tests.kit.cda_mutations import MUTATIONS, Mutation, applicable, caught
from tests.kit.documents import a_cda, a_pdf_cda, self_presenting
from tests.simulator.stays import a_document

RPLC = (
    '<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2"/></parentDocument>'
    "</relatedDocument>"
)
SMALL = {"letter": a_cda(), "pdf": a_pdf_cda(), "replacing": a_cda(related=RPLC)}
GENERATED = {f"{kind}-{seed}": a_document(kind, seed).cda for kind in KINDS for seed in (11, 12)}
DOCUMENTS = {**SMALL, **GENERATED}
# What may be spoilt in which document: every pair that has a place.
PAIRS = [
    (name, mutation) for name, content in DOCUMENTS.items() for mutation in applicable(content)
]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_conforms_is_not_refused(name: str) -> None:
    assert cda.check(cda.read(DOCUMENTS[name])) == []


def test_a_document_with_its_own_stylesheet_is_judged_too() -> None:
    assert cda.check(cda.read(self_presenting(a_cda()))) == []
    spoilt = self_presenting(a_cda()).replace(b'realmCode code="FR"', b'realmCode code="UK"')
    assert [refusal.rule for refusal in cda.check(cda.read(spoilt))] == ["the_realm_is_france"]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_spoilt_document_is_refused_by_the_right_rule_at_the_right_place(
    mutation: Mutation,
) -> None:
    spoilt = [found for content in DOCUMENTS.values() if (found := mutation.on(content))]
    assert spoilt
    for content in spoilt:
        assert (mutation.rule, mutation.field) in caught(content)


@given(pair=st.sampled_from(PAIRS), choice=st.integers(0, 20))
def test_a_document_spoilt_anywhere_is_refused(pair: tuple[str, Mutation], choice: int) -> None:
    name, mutation = pair
    spoilt = mutation.on(DOCUMENTS[name], choice)
    assert spoilt is not None
    rules = {rule for rule, _ in caught(spoilt)}
    assert mutation.rule in rules


def test_every_rule_has_a_mutation() -> None:
    assert {mutation.rule for mutation in MUTATIONS} == {row.name for row in cda.book.rows}


def test_every_refusal_can_be_repaired_from() -> None:
    document = cda.clinical_document(a_cda())
    for name in ("title", "custodian", "legalAuthenticator", "componentOf", "author"):
        for found in document.findall(f"{{urn:hl7-org:v3}}{name}"):
            document.remove(found)
    refusals = cda.check(cda.read(serialize(document)))
    assert len(refusals) == 6
    for refusal in refusals:
        assert refusal.subject == "1.2.250.1.999.1.1"
        assert refusal.field.startswith("ClinicalDocument/")
        assert refusal.expected
        assert refusal.source.startswith("CI-SIS, CDA")


def _without(content: bytes, choice: int, *, name: str) -> bytes:
    """A document that lost one element, or one attribute, of its header or body."""
    document = cda.clinical_document(content)
    found: list[Element] = [item for item in document.iter("*") if item is not document]
    chosen = found[choice % len(found)]
    parent = chosen.getparent()
    assert parent is not None
    if name and name in chosen.attrib:
        del chosen.attrib[name]
    else:
        parent.remove(chosen)
    return serialize(document)


@given(
    name=st.sampled_from(sorted(DOCUMENTS)),
    choice=st.integers(0, 5000),
    attribute=st.sampled_from(("", "root", "extension", "code", "codeSystem", "value")),
)
def test_whatever_is_missing_the_rules_answer(name: str, choice: int, attribute: str) -> None:
    spoilt = _without(DOCUMENTS[name], choice, name=attribute)
    assert all(item.source and item.field and item.expected for item in _refusals(spoilt))


def _refusals(content: bytes) -> list[Refusal]:
    """The refusals; none when there is no document to judge, which is said instead."""
    try:
        return cda.check(cda.read(content))
    except Malformed:
        return []


def test_a_section_that_a_model_wants_says_its_code() -> None:
    spoilt = next(item for item in MUTATIONS if item.name == "a section left out").on(a_cda())
    assert spoilt is not None
    (refusal,) = cda.check(cda.read(spoilt))
    assert refusal.expected.startswith(
        "a section 42349-1 of template 1.3.6.1.4.1.19376.1.5.3.1.3.1"
    )
    assert set(SECTION_CODES).isdisjoint(REQUIRED_SECTIONS)


def test_a_pdf_that_says_it_is_rich_text_is_refused() -> None:
    rich = a_pdf_cda().replace(b"application/pdf", b"application/rtf")
    assert caught(rich) == {("a_body_is_what_it_says", "component/nonXMLBody/text")}
