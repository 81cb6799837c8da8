"""INS mock, rules: what a search is refused for before anybody is looked for.

Pure: no Flask, no XML, no SQL. What a rule reports as seen never holds a trait in clear, only the
character or the shape at fault: journal lines are read more widely than raw exchanges.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kit.identity import is_cog, is_lunar_date, names_a_place
from kit.rules import Finding, RuleBook
from mocks.ins import errors
from mocks.ins.messages import SearchRequest

search = RuleBook("WS_INS2")

PARIS = ZoneInfo("Europe/Paris")
_NAME = "A-Z, espace, apostrophe droite, tiret"
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ '-")


@search.rule(errors.LEXICAL, source="INSi guide, business cardinality")
def the_mandatory_traits_are_given(request: SearchRequest, _: date) -> Iterator[Finding]:
    given = (
        ("NomNaissance", request.birth_name),
        ("Prenom", request.first_names),
        ("Sexe", request.sex),
        ("DateNaissance", request.birth_date),
    )
    for field, value in given:
        if not value:
            yield Finding(request.part, field, "absent ou vide", "une valeur")
    for place, name in enumerate(request.first_names, start=1):
        if not name:
            yield Finding(request.part, f"Prenom[{place}]", "vide", "une valeur")


@search.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS01_03, EF_INS10_01, second-hand")
def a_birth_name_has_only_plain_capitals(request: SearchRequest, _: date) -> Iterator[Finding]:
    yield from _characters(request, "NomNaissance", request.birth_name)


@search.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS10_01, second-hand")
def a_birth_name_starts_with_a_letter_or_apostrophe(
    request: SearchRequest, _: date
) -> Iterator[Finding]:
    if request.birth_name[:1] in (" ", "-"):
        yield Finding(
            request.part, "NomNaissance", _at(request.birth_name, 0), "ni espace ni tiret"
        )


@search.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS10_01, second-hand")
def a_birth_name_joins_its_parts_once(request: SearchRequest, _: date) -> Iterator[Finding]:
    """Two hyphens are a join of their own; three, or spaces and apostrophes that touch, are not."""
    for found in re.finditer(r"-{3,}|[ ']{2,}", request.birth_name):
        expected = "un seul espace ou apostrophe, un ou deux tirets"
        yield Finding(
            request.part, "NomNaissance", _at(request.birth_name, found.start()), expected
        )


@search.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS10_02, second-hand")
def a_first_name_has_only_plain_capitals(request: SearchRequest, _: date) -> Iterator[Finding]:
    for field, name in _first_names(request):
        yield from _characters(request, field, name)


@search.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS10_02, second-hand")
def a_first_name_has_single_hyphens(request: SearchRequest, _: date) -> Iterator[Finding]:
    for field, name in _first_names(request):
        if "--" in name:
            yield Finding(request.part, field, _at(name, name.index("--")), "un seul tiret")


@search.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS10_02, second-hand")
def a_first_name_does_not_end_with_a_join(request: SearchRequest, _: date) -> Iterator[Finding]:
    for field, name in _first_names(request):
        if name[-1:] in ("-", "'"):
            yield Finding(request.part, field, _at(name, len(name) - 1), "une lettre en dernier")


@search.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS25_04, second-hand")
def the_sex_is_known(request: SearchRequest, _: date) -> Iterator[Finding]:
    if request.sex and request.sex not in ("M", "F"):
        yield Finding(request.part, "Sexe", _shape(request.sex), "M ou F")


@search.rule(errors.LEXICAL, source="INSi guide, DateLunaire")
def a_birth_date_has_its_form(request: SearchRequest, _: date) -> Iterator[Finding]:
    if request.birth_date and not is_lunar_date(request.birth_date):
        expected = "AAAA-MM-JJ, mois et jour inconnus admis"
        yield Finding(request.part, "DateNaissance", _shape(request.birth_date), expected)


@search.rule(errors.LEXICAL, source="INSi guide, DateLunaire; unconfirmed")
def nobody_is_born_tomorrow(request: SearchRequest, today: date) -> Iterator[Finding]:
    if is_lunar_date(request.birth_date) and _is_after(request.birth_date, today):
        yield Finding(request.part, "DateNaissance", "dans le futur", f"au plus tard {today}")


@search.rule(errors.LEXICAL, source="INSi guide, code officiel géographique")
def a_birth_place_is_a_cog_code(request: SearchRequest, _: date) -> Iterator[Finding]:
    if request.birth_place and not is_cog(request.birth_place):
        expected = "code COG de 5 caractères : 63220, 2A020, 99351"
        yield Finding(request.part, "LieuNaissance", _shape(request.birth_place), expected)


@search.rule(errors.LEXICAL, source="INSEE, code officiel géographique; unconfirmed on the server")
def a_birth_place_exists(request: SearchRequest, _: date) -> Iterator[Finding]:
    """The department or the zone of countries: which communes there are is not known here."""
    if is_cog(request.birth_place) and not names_a_place(request.birth_place):
        expected = "un département 01 à 95 (2A, 2B), 97x, 98x, ou 99 et un pays"
        yield Finding(request.part, "LieuNaissance", _shape(request.birth_place), expected)


def day_in_france(at: datetime) -> date:
    """The civil day of an instant in metropolitan France."""
    return at.astimezone(PARIS).date()


def _first_names(request: SearchRequest) -> Iterator[tuple[str, str]]:
    for place, name in enumerate(request.first_names, start=1):
        yield f"Prenom[{place}]", name


def _characters(request: SearchRequest, field: str, value: str) -> Iterator[Finding]:
    """One finding a value: all its wrong characters, in order, would spell a lower-case name."""
    wrong = [place for place, character in enumerate(value) if character not in _ALLOWED]
    if wrong:
        others = f", et {len(wrong) - 1} autres" if len(wrong) > 1 else ""
        yield Finding(request.part, field, _at(value, wrong[0]) + others, _NAME)


def _at(value: str, place: int) -> str:
    """One character and where it stands, counted from 1; never the whole value."""
    return f"« {value[place]} » (U+{ord(value[place]):04X}) au caractère {place + 1}"


def _shape(value: str) -> str:
    """The value with its letters and digits hidden: ``1984/02/29`` -> ``9999/99/99``."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", value))[:20]


def _is_after(birth_date: str, today: date) -> bool:
    """Whether a date lies after today; one with an impossible month or day only by its year."""
    try:
        return date.fromisoformat(birth_date) > today
    except ValueError:
        return int(birth_date[:4]) > today.year
