"""Simulator, documents, laboratory culture: the chapter of microbiology of a laboratory report.

An examination of urine (ECBU): microscopy, what grew, its antibiogram. Source: CI-SIS, volet
BIO-CR-BIO 2024.01. Not here: what was found (see laboratory_urine).
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.documents import laboratory_wording as told
from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, templates, time
from simulator.documents.facts import Coded
from simulator.documents.kinds import LOINC
from simulator.documents.laboratory_entries import (
    COMPLETED,
    battery,
    comment,
    entry,
    interpretation,
    observation,
    related,
    result,
    sampling,
    validation,
)
from simulator.documents.laboratory_tables import analytes, specimens
from simulator.documents.laboratory_urine import Isolate, Susceptibility, Urine
from simulator.documents.laboratory_work import Measure
from simulator.documents.markup import TYPE, Xml, join, leaf, tag
from simulator.documents.tables import original
from simulator.documents.wording import decimal, full_name

ISOLATE = ("1.3.6.1.4.1.19376.1.3.1.5", "1.2.250.1.213.1.1.3.79")
METHOD = "2.16.840.1.113883.5.84"  # HL7 ObservationMethod
TAXONOMY = "2.16.840.1.113883.3.9471"  # NCBI
GRAM = Coded(
    "653-6", "Observation microscopique [Identification] Urine ; Résultat nominal ; Coloration Gram"
)
CULTURE = Coded("630-4", "Bactérie [Identification] Urine ; Résultat nominal ; Culture")
COUNT = Coded("51480-2", "Bactérie [Nombre/Volume] Urine ; Numérique ; Comptage automate")
ANTIBIOGRAM = Coded("18769-0", "Antibiogramme")
PENDING = "Culture en cours, résultat à suivre."
STERILE = "Culture stérile après 24 heures."
GROWN = "Interprétation clinique selon les seuils en vigueur du comité de l'antibiogramme."


def write_culture(draft: Draft, chapter: Coded, urine: Urine) -> Xml:
    """Text and entry of the chapter."""
    status = "completed" if urine.is_final else "active"
    return join(
        (
            tag("text", *_narrative(draft, urine)),
            entry(chapter, _parts(draft, urine), status=status),
        )
    )


def _measures(urine: Urine) -> tuple[Measure, ...]:
    counted = {"urine_leukocytes": urine.leukocytes, "urine_erythrocytes": urine.erythrocytes}
    return tuple(
        Measure(analytes()[key], float(count), *analytes()[key].usual("MF", 0))
        for key, count in counted.items()
    )


def conclusion(urine: Urine) -> str:
    """What a reader wants first."""
    if not urine.is_final:
        return PENDING
    if urine.isolate is None:
        return STERILE
    return GROWN


# For the reader.


def _narrative(draft: Draft, urine: Urine) -> Iterator[Xml]:
    yield _microscopy_table(urine)
    if urine.isolate:
        yield _isolate_table(urine.isolate)
    yield tag("paragraph", leaf("content", conclusion(urine), ID="ecbu-conclusion"))
    yield tag("paragraph", leaf("content", collected(urine), ID="ecbu-prelevement"))
    biologist = full_name(draft.facts.legal_authenticator)
    validated = f"Résultats validés par {biologist} le {told.moment(urine.validated_at)}."
    yield leaf("paragraph", validated)


def collected(urine: Urine) -> str:
    return (
        f"{specimens()['urine'].told}, recueillie le {told.moment(urine.collected_at)},"
        f" reçue le {told.moment(urine.received_at)}, échantillon {urine.sample}."
    )


def _microscopy_table(urine: Urine) -> Xml:
    rows = [
        _row(f"ecbu-{m.analyte.key}", m.analyte.name, told.found(m), told.usual(m))
        for m in _measures(urine)
    ]
    gram = tag("td", leaf("content", urine.gram, ID="ecbu-gram-resultat"))
    name = tag("td", leaf("content", "Coloration de Gram", ID="ecbu-gram"))
    rows.append(tag("tr", name, gram, leaf("td", "")))
    title = tag("th", leaf("content", "Examen microscopique", ID="ecbu-microscopie"))
    heads = (leaf("th", heading) for heading in ("Résultat", "Valeurs de référence"))
    head = tag("thead", tag("tr", title, *heads))
    return tag("table", head, tag("tbody", *rows), border="0")


def _row(anchor: str, name: str, *cells: str) -> Xml:
    return tag(
        "tr", tag("td", leaf("content", name, ID=anchor)), *(leaf("td", cell) for cell in cells)
    )


def _isolate_table(isolate: Isolate) -> Xml:
    title = tag("th", leaf("content", isolate.germ.code.label, ID="isolat-1"))
    head = tag("thead", tag("tr", title, leaf("th", "CMI (mg/L)"), leaf("th", "Catégorie")))
    rows = [
        _row("isolat-1-denombrement", "Dénombrement", counted(isolate), ""),
        _row("isolat-1-antibiogramme", "Antibiogramme", "", ""),
        *(
            _row(_drug(n), line.antibiotic.name, mic(line), line.flag.label)
            for n, line in enumerate(isolate.antibiogram, 1)
        ),
    ]
    return tag("table", head, tag("tbody", *rows), border="0")


def counted(isolate: Isolate) -> str:
    """``1 000 000 /mL``."""
    return f"{isolate.count:,} /mL".replace(",", " ")


def mic(line: Susceptibility) -> str:
    """``≤ 0,5`` or ``> 4``."""
    sign, limit = (">", line.antibiotic.resistant) if line.resists else ("≤", _most(line))
    return f"{sign} {decimal(limit, 0 if limit >= 1 else 2)}"


def _most(line: Susceptibility) -> float:
    return line.antibiotic.susceptible


def _drug(number: int) -> str:
    return f"isolat-1-antibiotique-{number}"


# For software.


def _parts(draft: Draft, urine: Urine) -> Iterator[Xml]:
    yield validation(draft, urine.validated_at)
    yield related(
        sampling(
            draft,
            specimens()["urine"].nature,
            "ecbu-prelevement",
            urine.sample,
            urine.collected_at,
            urine.received_at,
        )
    )
    yield related(_microscopy(urine))
    if urine.isolate:
        yield related(_isolate(draft, urine, urine.isolate))
    elif urine.is_final:
        yield related(_words(CULTURE, "ecbu-conclusion", "ecbu-conclusion", urine))
    yield comment("ecbu-conclusion")


def _microscopy(urine: Urine) -> Xml:
    method = coded("107", "Microscopie", METHOD, name="translation")
    at = time("effectiveTime", urine.examined_at)
    results = [result(measure, f"ecbu-{measure.analyte.key}", at) for measure in _measures(urine)]
    seen = coded(GRAM.code, GRAM.label, LOINC, original("ecbu-gram"))
    gram = observation(seen, time("effectiveTime", urine.examined_at), _seen("ecbu-gram-resultat"))
    return battery(tag("code", original("ecbu-microscopie"), method), [*results, gram])


def _words(code: Coded, anchor: str, words: str, urine: Urine) -> Xml:
    name = coded(code.code, code.label, LOINC, original(anchor))
    return observation(name, time("effectiveTime", urine.read_at), _seen(words))


def _seen(anchor: str) -> Xml:
    """A value in words: those of the text."""
    return tag("value", original(anchor), **{TYPE: "CD"})


def _isolate(draft: Draft, urine: Urine, isolate: Isolate) -> Xml:
    germ = isolate.germ
    name = coded(
        germ.code.code,
        germ.code.label,
        terms.SNOMED_CT,
        original("isolat-1"),
        coded(germ.taxon, germ.code.label, TAXONOMY, name="translation"),
    )
    role = tag(
        "specimenRole",
        drawn_id(draft),
        tag("specimenPlayingEntity", name, classCode="MIC"),
        classCode="SPEC",
    )
    return tag(
        "organizer",
        *templates(*ISOLATE),
        COMPLETED,
        time("effectiveTime", urine.read_at),
        tag("specimen", role, typeCode="SPC"),
        tag("component", _count(urine, isolate)),
        tag("component", _antibiogram(urine, isolate)),
        classCode="CLUSTER",
        moodCode="EVN",
    )


def _count(urine: Urine, isolate: Isolate) -> Xml:
    code = coded(COUNT.code, COUNT.label, LOINC, original("isolat-1-denombrement"))
    value = tag("value", **{TYPE: "PQ"}, value=str(isolate.count), unit="/mL")
    return observation(code, time("effectiveTime", urine.read_at), value)


def _antibiogram(urine: Urine, isolate: Isolate) -> Xml:
    code = coded(ANTIBIOGRAM.code, ANTIBIOGRAM.label, LOINC, original("isolat-1-antibiogramme"))
    lines = (_line(urine, n, line) for n, line in enumerate(isolate.antibiogram, 1))
    return battery(code, lines)


def _line(urine: Urine, number: int, line: Susceptibility) -> Xml:
    code = line.antibiotic.code
    return observation(
        coded(code.code, code.label, LOINC, original(_drug(number))),
        time("effectiveTime", urine.read_at),
        tag("value", _bound(line), **{TYPE: "IVL_PQ"}),
        interpretation(line.flag),
    )


def _bound(line: Susceptibility) -> Xml:
    """MIC known to be at most, or above, the last dilution tested."""
    drug = line.antibiotic
    if line.resists:
        return tag("low", value=f"{drug.resistant:g}", unit="mg/L", inclusive="false")
    return tag("high", value=f"{drug.susceptible:g}", unit="mg/L", inclusive="true")
