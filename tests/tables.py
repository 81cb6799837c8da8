"""Tables of a page as a narrow screen stacks them: each cell says the column it is of."""

from __future__ import annotations

from lxml import html


def labels(page: str) -> list[tuple[list[str], list[str]]]:
    """Each body row of each table with a head: the columns, and what its cells are labelled."""
    root = html.document_fromstring(page)
    return [
        (_columns(table), [cell.get("data-label", "") for cell in row.findall("td")])
        for table in root.iter("table")
        if _columns(table)
        for row in table.iterfind("tbody/tr")
        if row.findall("td")
    ]


def stacks(page: str) -> bool:
    """Whether every table of the page is stacked on a narrow screen."""
    tables = list(html.document_fromstring(page).iter("table"))
    return bool(tables) and all("stacked" in table.get("class", "").split() for table in tables)


def narrow_rules(style: str) -> str:
    """What the style sheet says of narrow screens only."""
    return "".join(part for part in style.split("@media")[1:] if part.startswith(" (max-width"))


def _columns(table: html.HtmlElement) -> list[str]:
    return [(cell.text or "").strip() for cell in table.iterfind("thead/tr/th")]
