"""The patient's side: what they see, who read what, and what they decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kit.vihf import AccessMode, access
from kit.xds import vocabulary
from kit.xds.metadata import Coded
from mocks.dmp.messages import deletion, find_documents, get_documents, with_visibility
from mocks.dmp.messages.pages import ACTIONS
from mocks.dmp.messages.pdsm import TRANSACTIONS
from tests.kit.documents import N1_TEMPLATE, unstructured
from tests.mocks.dmp.builders import (
    ARC,
    DOCTOR_ID,
    HOSPITAL,
    INS,
    STRUCTURE,
    a_card_vihf,
    a_document,
    a_hospital_vihf,
    a_minor,
    a_patient,
    an_entry,
)
from tests.mocks.dmp.conftest import Bench, codes_of, registry_response
from tests.mocks.dmp.test_registry import STRANGER, a_strangers_vihf, change, the_entry
from tests.tables import labels, narrow_rules, stacks

BASE = f"/mon-espace-sante/{INS.matricule}"


def seen(bench: Bench, query: str = "") -> dict[str, Any]:
    answer = bench.client.get(f"{BASE}/api{query}")
    assert answer.status_code == 200
    told = answer.get_json()
    assert isinstance(told, dict)
    return told


def do(bench: Bench, path: str, **given: Any) -> Any:
    return bench.client.post(f"{BASE}/{path}", json=given)


def test_the_patient_sees_documents_and_who_read_them(bench: Bench) -> None:
    bench.feed()
    assert [item["unique_id"] for item in seen(bench)["documents"]] == [f"{ARC}.1"]
    assert [item["action"] for item in seen(bench)["accesses"]] == ["TD2.1"]
    bench.retrieve(f"{ARC}.1")
    reading, feeding = seen(bench)["accesses"]
    told = ("at", "action", "who", "place", "access_mode", "unique_id")
    assert tuple(reading[name] for name in told) == (
        "05/01/2026 09:00:00",
        "TD3.2",
        DOCTOR_ID,
        HOSPITAL.name,
        "normal",
        f"{ARC}.1",
    )
    assert (feeding["who"], feeding["name"]) == (f"{STRUCTURE}/1453", "LOGICIEL D'ESSAI")
    assert reading["name"]
    page = bench.client.get(BASE).get_data(as_text=True)
    assert '<html lang="fr">' in page
    assert DOCTOR_ID in page
    assert "document consulté" in page


def test_on_a_phone_each_row_is_a_card_whose_cells_are_named(bench: Bench) -> None:
    bench.feed()
    bench.find(find_documents(INS.cx), a_card_vihf(bench.pki))
    bench.client.post(f"{BASE}/acces/autoriser", data={"holder": DOCTOR_ID})
    page = bench.client.get(BASE).get_data(as_text=True)
    rows = labels(page)
    assert stacks(page)
    assert {columns[0] for columns, _ in rows} == {"Document", "Quand", "Identifiant"}
    assert all(columns == named for columns, named in rows)
    assert page.count('role="cell"') == sum(len(named) for _, named in rows)
    narrow = narrow_rules(bench.client.get("/mon-espace-sante/style.css").get_data(as_text=True))
    assert ".stacked, .stacked tbody, .stacked tr, .stacked td { display: block; }" in narrow
    assert "attr(data-label)" in narrow
    assert "<script" not in page


@pytest.mark.parametrize("action", sorted(set(TRANSACTIONS.values()) - {"PDSM.TD0.2"}))
def test_what_came_by_fhir_is_told_in_words(action: str) -> None:
    assert ACTIONS.get(action)


def test_each_access_is_told_in_its_mode(bench: Bench) -> None:
    bench.feed()
    urgent = a_card_vihf(bench.pki, purpose=access(AccessMode.BREAK_GLASS))
    bench.find(find_documents(INS.cx), urgent)
    bench.find(get_documents(f"{ARC}.1"), a_hospital_vihf(bench.pki))  # one reference: no access
    entry = the_entry(bench)
    change(bench, deletion(entry.entry_uuid))
    told = [(item["action"], item["mode_label"]) for item in seen(bench)["accesses"]]
    assert told == [
        ("TD3.3c", "accès normal"),
        ("TD3.1", "accès normal"),
        ("TD3.1", "bris de glace"),
        ("TD2.1", "accès normal"),
    ]
    assert seen(bench)["accesses"][0]["title"] == entry.title


def test_what_was_refused_is_no_access(bench: Bench) -> None:
    bench.feed()
    bench.retrieve(f"{ARC}.1", vihf=a_hospital_vihf(bench.pki))
    bench.retrieve(f"{ARC}.404")
    assert [item["action"] for item in seen(bench)["accesses"]] == ["TD2.1"]


VISIBILITIES = [
    ("INVISIBLE_PATIENT", 0, 0),
    ("INVISIBLE_REPRESENTANTS_LEGAUX", 1, 0),
    ("MASQUE_PS", 1, 1),
]


@pytest.mark.parametrize(("code", "patient", "representative"), VISIBILITIES)
def test_visibility_decides_who_sees(
    bench: Bench, code: str, patient: int, representative: int
) -> None:
    ins = a_minor().ins
    cda = a_document(ins=ins)
    entry = with_visibility(an_entry(cda), code, hidden=True)
    vihf = a_hospital_vihf(bench.pki, patient=ins.cx)
    assert registry_response(bench.feed(cda, entries=(entry,), vihf=vihf)).accepted
    for query, count in (("", patient), ("?vue=representant", representative)):
        told = bench.client.get(f"/mon-espace-sante/{ins.matricule}/api{query}").get_json()
        assert len(told["documents"]) == count
        assert len(told["accesses"]) == count


def test_the_patient_masks_a_document_and_shows_it_again(bench: Bench) -> None:
    bench.feed()
    stranger = a_strangers_vihf(bench)
    told = do(bench, f"documents/{ARC}.1/masquer").get_json()
    assert told["documents"][0]["masked"] is True
    assert (bench.line.transaction, bench.line.subject) == ("MES.MASK", INS.matricule)
    assert bench.find(find_documents(INS.cx), stranger)[1].entries == ()
    assert do(bench, f"documents/{ARC}.1/demasquer").status_code == 200
    assert len(bench.find(find_documents(INS.cx), stranger)[1].entries) == 1
    assert do(bench, f"documents/{ARC}.404/masquer").status_code == 404
    assert (bench.line.outcome, bench.line.codes) == ("refused", ("404",))


def test_a_blocked_professional_is_always_refused(bench: Bench) -> None:
    bench.feed()
    assert do(bench, "acces/bloquer", holder=DOCTOR_ID).status_code == 200
    (item,) = seen(bench)["authorizations"]
    assert (item["holder"], item["blocked"]) == (DOCTOR_ID, True)
    card = a_card_vihf(bench.pki)
    assert codes_of(bench.feed(a_document(2), number=2, vihf=card)) == ["DMPSimBlockedProfessional"]
    for mode in AccessMode:
        vihf = a_card_vihf(bench.pki, purpose=access(mode))
        _, found = bench.find(find_documents(INS.cx), vihf)
        assert [error.code for error in found.errors] == ["DMPSimBlockedProfessional"]
    assert do(bench, "acces/debloquer", holder=DOCTOR_ID).status_code == 200
    assert bench.find(find_documents(INS.cx))[1].errors == ()
    assert do(bench, "acces/bloquer").status_code == 400


def test_oppositions_are_those_the_professionals_meet(bench: Bench) -> None:
    bench.feed()
    do(bench, "choix", opposed_to_feeding=True, opposed_to_regulation=True)
    assert seen(bench)["choices"]["opposed_to_regulation"] is True
    assert codes_of(bench.feed(a_document(2), number=2)) == ["DMPSimFeedingOpposed"]
    vihf = a_card_vihf(bench.pki, purpose=access(AccessMode.REGULATION))
    _, found = bench.find(find_documents(INS.cx), vihf)
    assert [error.code for error in found.errors] == ["DMPSimModeOpposed"]
    do(bench, "choix", shows_masked_in_emergency=True)
    do(bench, f"documents/{ARC}.1/masquer")
    assert len(bench.find(find_documents(INS.cx), vihf)[1].entries) == 1


def test_the_patient_closes_the_record_and_opens_it_again(bench: Bench) -> None:
    bench.feed()
    answer = bench.client.post(f"{BASE}/fermer", data={"reason": "je n'en veux plus"})
    assert (answer.status_code, answer.headers["Location"]) == (303, BASE)
    assert codes_of(bench.feed(a_document(2), number=2)) == ["DMPClosed"]
    _, found = bench.find(find_documents(INS.cx))
    assert [error.code for error in found.errors] == ["DMPClosed"]
    assert "je n&#39;en veux plus" in bench.client.get(BASE).get_data(as_text=True)
    assert do(bench, "acces/bloquer", holder=DOCTOR_ID).status_code == 409
    assert do(bench, "rouvrir").status_code == 200
    assert do(bench, "rouvrir").status_code == 409
    assert len(bench.find(find_documents(INS.cx))[1].entries) == 1
    assert registry_response(bench.feed(a_document(2), number=2)).accepted


def test_the_patient_authorises_and_takes_it_back(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(dmp_authorization="strict")
    bench.feed()

    def said() -> tuple[list[str], int]:
        _, found = bench.find(find_documents(INS.cx))
        return [error.code for error in found.errors], len(found.entries)

    assert said() == (["DMPSimNoAuthorization"], 0)
    do(bench, "acces/autoriser", holder=STRUCTURE)
    assert said() == ([], 1)
    do(bench, "acces/retirer", holder=STRUCTURE)
    assert said() == (["DMPSimNoAuthorization"], 0)
    do(bench, f"documents/{ARC}.1/masquer")
    stranger = a_strangers_vihf(bench)
    do(bench, "acces/autoriser", holder=STRANGER)
    assert bench.find(find_documents(INS.cx), stranger)[1].entries == ()
    do(bench, "acces/medecin-traitant", holder=STRANGER)
    assert len(bench.find(find_documents(INS.cx), stranger)[1].entries) == 1
    do(bench, "acces/bloquer", holder=STRANGER)
    assert do(bench, "acces/autoriser", holder=STRANGER).status_code == 409


def test_the_patient_archives_and_deletes_what_they_wrote_only(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(dmp_cda_metadata="lenient")  # the CDA does not say who wrote it
    own = Coded("EXP_PATIENT", "1.2.250.1.213.1.1.4.6", "Expression du patient")
    written = replace(an_entry(a_document(2)), healthcare_facility_type_code=own)
    bench.feed()
    assert registry_response(bench.feed(a_document(2), entries=(written,), number=2)).accepted

    def statuses() -> dict[str, str]:
        every = (vocabulary.APPROVED, vocabulary.ARCHIVED, vocabulary.DELETED)
        entries = bench.find(find_documents(INS.cx, statuses=every))[1].entries
        return {item.unique_id[-1]: item.availability_status for item in entries}

    for verb in ("archiver", "supprimer"):
        refused = do(bench, f"documents/{ARC}.1/{verb}")
        assert (refused.status_code, "masqué" in refused.get_data(as_text=True)) == (409, True)
    assert do(bench, f"documents/{ARC}.2/archiver").status_code == 200
    assert statuses() == {"1": vocabulary.APPROVED, "2": vocabulary.ARCHIVED}
    assert do(bench, f"documents/{ARC}.2/desarchiver").status_code == 200
    assert statuses() == {"1": vocabulary.APPROVED, "2": vocabulary.APPROVED}
    assert do(bench, f"documents/{ARC}.2/supprimer").status_code == 200
    assert statuses() == {"1": vocabulary.APPROVED, "2": vocabulary.DELETED}
    own_acts = [item["action"] for item in seen(bench)["accesses"] if item["name"] == "le patient"]
    assert own_acts == ["MES.DELETE", "MES.ARCHIVE", "MES.ARCHIVE"]
    assert do(bench, f"documents/{ARC}.2/masquer").status_code == 404


def test_the_patient_reads_a_document_they_see(bench: Bench) -> None:
    hidden = with_visibility(an_entry(a_document(3)), "INVISIBLE_PATIENT", hidden=True)
    bench.feed(a_document(1))
    bench.feed(a_document(2, template=N1_TEMPLATE, body=unstructured()), number=2)
    bench.feed(a_document(3), entries=(hidden,), number=3)
    letter, paper, none = (
        bench.client.get(f"{BASE}/documents/{ARC}.{number}") for number in (1, 2, 3)
    )
    assert "<article" in letter.get_data(as_text=True)
    assert 'href="data:application/pdf;base64,' in paper.get_data(as_text=True)
    assert none.status_code == 404
    assert "Aucun document visible" in none.get_data(as_text=True)
    assert f'href="{BASE}/documents/{ARC}.1"' in bench.client.get(BASE).get_data(as_text=True)


def test_a_form_is_told_in_french_why_not(bench: Bench) -> None:
    answer = bench.client.post(f"{BASE}/documents/{ARC}.404/masquer")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    told = answer.get_data(as_text=True)
    assert "Aucun document visible" in told
    assert f'href="{BASE}"' in told


def test_the_pages_run_no_script_and_escape_what_came(bench: Bench) -> None:
    bench.feed(a_document(), entries=(an_entry(a_document(), title="<script>alert(1)</script>"),))
    answer = bench.client.get(BASE)
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<script" not in answer.get_data(as_text=True)
    assert bench.client.get("/mon-espace-sante/style.css").mimetype == "text/css"


def test_a_page_of_another_origin_and_another_host_are_refused(bench: Bench) -> None:
    own = {"Origin": "http://localhost"}
    assert bench.client.post(f"{BASE}/choix", headers=own).status_code == 303
    # with no-referrer a browser says "Origin: null" even of our own forms
    assert bench.client.get(BASE).headers["Referrer-Policy"] == "same-origin"
    other = {"Origin": "http://evil.example"}
    assert bench.client.post(f"{BASE}/fermer", headers=other).status_code == 403
    assert bench.client.get(BASE, headers={"Host": "evil.example"}).status_code == 404
    tls = {"banc.listener": "mtls"}
    assert bench.client.get(BASE, environ_overrides=tls).status_code == 404


def test_nobody_and_no_record_have_no_page(bench: Bench, make_bench: Callable[..., Bench]) -> None:
    assert bench.client.get("/mon-espace-sante/123").status_code == 404
    none = a_patient(state="none").ins.matricule
    assert bench.client.get(f"/mon-espace-sante/{none}").status_code == 404
    assert make_bench(dmp_citizen=False).client.get(BASE).status_code == 404
