"""INS messages: one table drives reader and writer, then input that must not be read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.identity import NIA_OID, TEST_OID, IdentityTraits, Ins, PastIns
from kit.rules import Malformed
from kit.xml import Element, build, canonical, parse
from mocks.ins import messages
from mocks.ins.messages import (
    BamContext,
    Contexts,
    Correction,
    Individual,
    LpsContext,
    SearchRequest,
    SearchResult,
)
from tests.mocks.ins.builders import NOW, an_assertion, an_individual

GOLDEN = Path(__file__).parents[2] / "golden" / "ins"

TRAITS = IdentityTraits("DUVAL-LE GOFF", ("ANNE-SOPHIE", "MARIE"), "F", "1984-02-29", "35238")
INS = Ins("284023523899921", TEST_OID)
HISTORY = (
    PastIns("184023523899971", TEST_OID, "2019-03-01", "2019-02-28"),
    PastIns("2840299351998", NIA_OID),
)
REQUEST = SearchRequest("DUVAL-LE GOFF", ("ANNE-SOPHIE", "MARIE"), "F", "1984-02-29", "35238")
RESULTS = [
    ("result_found.xml", SearchResult("00", "OK", Individual(INS, TRAITS))),
    (
        "result_found_with_history.xml",
        SearchResult("00", "OK", Individual(INS, TRAITS, HISTORY, "ANNE-SOPHIE")),
    ),
    ("result_none.xml", SearchResult("01", "Aucune identite trouvee")),
    ("result_several.xml", SearchResult("02", "Plusieurs identites trouvees")),
]
AT = datetime(2026, 1, 5, 8, 0, 0, 250_000, tzinfo=UTC)
CONTEXTS = Contexts(
    BamContext("6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0001", AT, "10B0152872", nature="CTXBAM"),
    LpsContext(
        "6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0002",
        AT,
        sender="10B0152872",
        idam="BANC-TEST",
        software_version="3.1",
        instance="6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0003",
        software_name="urn:lps:agenda:3.1",
    ),
)


def golden(name: str) -> Element:
    """A wire file without its indentation."""
    root = parse((GOLDEN / name).read_bytes())
    for element in root.iter("*"):
        if len(element):
            element.text = None
        element.tail = None
    return root


def plain(element: Element) -> bytes:
    """Canonical XML that does not depend on prefixes."""
    copy = parse(canonical(element))

    def told(node: Element) -> str:
        attributes = sorted((str(k), str(v)) for k, v in node.attrib.items())
        return f"({node.tag}{attributes}{node.text or ''}{''.join(map(told, node))})"

    return told(copy).encode()


def test_a_search_is_read_and_written() -> None:
    body = golden("search_request.xml")
    assert messages.read_search_request(body) == REQUEST
    assert plain(messages.write_search_request(REQUEST)) == plain(body)


@pytest.mark.parametrize(("name", "result"), RESULTS, ids=[row[0] for row in RESULTS])
def test_an_answer_is_read_and_written(name: str, result: SearchResult) -> None:
    body = golden(name)
    assert plain(messages.write_search_result(result)) == plain(body)
    read = messages.read_search_result(body)
    assert read == result


def test_contexts_are_read_and_written_in_any_order() -> None:
    header = golden("contexts.xml")
    assert messages.read_contexts(header) == CONTEXTS
    header.append(header[0])
    assert messages.read_contexts(header) == CONTEXTS
    written = build("soap:Header", *messages.write_contexts(CONTEXTS))
    assert plain(written) == plain(golden("contexts.xml"))
    assert CONTEXTS.lps is not None
    assert CONTEXTS.lps.software == "agenda 3.1"


def test_an_assertion_is_read_as_it_was_written() -> None:
    said = an_assertion()
    header = build("soap:Header", messages.write_assertion(said))
    assert messages.read_assertion(header) == said
    assert said.attribute("SecteurActivite") == "SA01"
    assert messages.read_assertion(build("soap:Header")) is None


def test_no_header_has_no_context() -> None:
    assert messages.read_contexts(None) == Contexts()
    assert messages.read_action(None) == ""


def test_values_are_never_trimmed() -> None:
    body = messages.write_search_request(SearchRequest(" DUVAL ", ("ANNE\n",)))
    assert messages.read_search_request(body) == SearchRequest(" DUVAL ", ("ANNE\n",))


def test_an_empty_first_name_is_read_as_one() -> None:
    body = build("recsans:RECSANSVITALE", build("recsans:Prenom"))
    assert messages.read_search_request(body).first_names == ("",)


@pytest.mark.parametrize(
    "children",
    [
        (build("recsans:Sexe", "F"), build("recsans:NomNaissance", "DUVAL")),
        (build("recsans:NomNaissance", "DUVAL"), build("recsans:NomNaissance", "LE GOFF")),
        (build("resultat:NomNaissance", "DUVAL"),),
        (build("recsans:NomUsage", "DUVAL"),),
        (build("recsans:NomNaissance", build("recsans:Prenom", "ANNE")),),
    ],
    ids=["reordered", "twice", "foreign namespace", "unknown", "nested"],
)
def test_a_search_outside_its_schema_is_malformed(children: tuple[Element, ...]) -> None:
    with pytest.raises(Malformed):
        messages.read_search_request(build("recsans:RECSANSVITALE", *children))


@pytest.mark.parametrize("name", ["CR", "INDIVIDU/INSACTIF", "INDIVIDU/INSACTIF/OID"])
def test_an_answer_without_a_needed_element_is_malformed(name: str) -> None:
    body = golden("result_found.xml")
    path = "/".join(f"{{http://www.cnamts.fr/INSiResultat}}{part}" for part in name.split("/"))
    found = body.find(path)
    assert found is not None
    parent = found.getparent()
    assert parent is not None
    parent.remove(found)
    with pytest.raises(Malformed):
        messages.read_search_result(body)


def test_other_elements_are_not_taken_for_ours() -> None:
    with pytest.raises(Malformed):
        messages.read_search_request(build("resultat:RESULTAT"))
    with pytest.raises(Malformed):
        messages.read_search_result(build("recsans:RECSANSVITALE"))
    with pytest.raises(Malformed):
        messages.read_error(build("soap:Fault"))


def test_dates_before_the_number_are_read() -> None:
    """An official homologation answer has them so, against its schema (INSi service)."""
    body = golden("result_found_with_history.xml")
    past = body.find(".//{http://www.cnamts.fr/INSiResultat}INSHISTO")
    assert past is not None
    past.insert(0, past[3])
    past.insert(0, past[3])
    found = messages.read_search_result(body).individual
    assert found is not None
    assert found.history == HISTORY


def test_a_context_given_twice_is_malformed() -> None:
    header = build(
        "soap:Header", *messages.write_contexts(CONTEXTS), *messages.write_contexts(CONTEXTS)
    )
    with pytest.raises(Malformed):
        messages.read_contexts(header)


def test_a_moment_without_a_zone_is_utc_and_a_day_is_no_moment() -> None:
    header = golden("contexts.xml")
    header[0][1].text, header[1][1].text = "2026-01-05T08:00:00", "2026-01-05"
    read = messages.read_contexts(header)
    assert read.bam is not None
    assert read.lps is not None
    assert (read.bam.stated_at, read.lps.stated_at) == (NOW, None)


def test_a_correction_is_read_and_a_person_is_written() -> None:
    given = {"birth_name": "LE GOFF", "first_names": ["ANNE"], "matricule": "284023523899921"}
    assert messages.read_correction(given) == Correction(
        matricule="284023523899921", birth_name="LE GOFF", first_names=("ANNE",)
    )
    written = messages.write_person(an_individual())
    assert written["first_names"] == ["ANNE-SOPHIE", "MARIE"]
    assert written["matricule"] == "284023523899921"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (None, "body"),
        ({}, "body"),
        ({"name": "X"}, "name"),
        ({"sex": "I"}, "sex"),
        ({"birth_date": "29/02/1984"}, "birth_date"),
        ({"birth_place": "2A"}, "birth_place"),
        ({"matricule": "2840235238999"}, "matricule"),
        ({"oid": "4.10."}, "oid"),
        ({"first_names": []}, "first_names"),
        ({"first_names": "ANNE"}, "first_names"),
        ({"first_names": [1]}, "first_names"),
        ({"birth_name": 3}, "birth_name"),
    ],
)
def test_a_wrong_correction_names_its_field(given: object, where: str) -> None:
    with pytest.raises(Malformed) as raised:
        messages.read_correction(given)
    assert raised.value.where == where
