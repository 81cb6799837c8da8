"""What holds of every structured document: references resolve, readers see every section."""

from __future__ import annotations

from html import unescape

import pytest

from kit.cda import read_header, render_html
from kit.xml import parse
from simulator.delivery.pdf_copy import pdf_copy
from tests.simulator.stays import a_document
from tests.simulator.structured import read, stays, words


@pytest.mark.parametrize("kind", ["CR_IMG", "ORD"])
def test_every_reference_leads_to_one_place(kind: str) -> None:
    for seed, facts in stays(kind):
        root = read(kind, seed, facts)
        anchors = words(root, "//@ID")
        assert len(anchors) == len(set(anchors))
        pointed = [v for v in words(root, "//h:reference/@value") if v.startswith("#")]
        assert pointed
        assert {value.removeprefix("#") for value in pointed} <= set(anchors)
        assert set(words(root, "//h:renderMultiMedia/@referencedObject")) <= set(anchors)


@pytest.mark.parametrize("kind", ["CR_IMG", "ORD"])
def test_readers_see_every_section_on_a_page_and_in_the_copy_that_mail_carries(kind: str) -> None:
    seed, facts = next(stays(kind))
    document = a_document(kind, seed, facts=facts)
    page, pdf = render_html(document.cda), pdf_copy(document.cda, read_header(document.cda))
    titles = words(parse(document.cda), "//h:section/h:title/text()")
    assert len(titles) >= 4
    assert [title for title in titles if title not in unescape(page)] == []
    assert pdf.count(b"BT") > len(titles)
