"""The patient's side: what they see, who read what, and what they decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.vihf import AccessMode, access
from mocks.dmp.messages import find_documents, with_visibility
from tests.mocks.dmp.builders import (
    ARC,
    DOCTOR_ID,
    INS,
    a_card_vihf,
    a_document,
    a_patient,
    an_entry,
)
from tests.mocks.dmp.conftest import Bench, codes_of
from tests.mocks.dmp.test_registry import a_strangers_vihf

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
    assert seen(bench)["readings"] == []
    bench.retrieve(f"{ARC}.1")
    (reading,) = seen(bench)["readings"]
    assert (reading["reader"], reading["unique_id"], reading["access_mode"]) == (
        DOCTOR_ID,
        f"{ARC}.1",
        "normal",
    )
    page = bench.client.get(BASE).get_data(as_text=True)
    assert '<html lang="fr">' in page
    assert DOCTOR_ID in page


VISIBILITIES = [
    ("INVISIBLE_PATIENT", 0, 0),
    ("INVISIBLE_REPRESENTANTS_LEGAUX", 1, 0),
    ("MASQUE_PS", 1, 1),
]


@pytest.mark.parametrize(("code", "patient", "representative"), VISIBILITIES)
def test_visibility_decides_who_sees(
    bench: Bench, code: str, patient: int, representative: int
) -> None:
    bench.feed(a_document(), entries=(with_visibility(an_entry(a_document()), code, hidden=True),))
    assert len(seen(bench)["documents"]) == patient
    assert len(seen(bench, "?vue=representant")["documents"]) == representative


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


def test_the_patient_closes_the_record(bench: Bench) -> None:
    bench.feed()
    answer = bench.client.post(f"{BASE}/fermer", data={"reason": "je n'en veux plus"})
    assert (answer.status_code, answer.headers["Location"]) == (303, BASE)
    assert codes_of(bench.feed(a_document(2), number=2)) == ["DMPClosed"]
    _, found = bench.find(find_documents(INS.cx))
    assert [error.code for error in found.errors] == ["DMPClosed"]
    assert "je n&#39;en veux plus" in bench.client.get(BASE).get_data(as_text=True)
    assert do(bench, "acces/bloquer", holder=DOCTOR_ID).status_code == 409


def test_the_pages_run_no_script_and_escape_what_came(bench: Bench) -> None:
    bench.feed(a_document(), entries=(an_entry(a_document(), title="<script>alert(1)</script>"),))
    answer = bench.client.get(BASE)
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<script" not in answer.get_data(as_text=True)
    assert bench.client.get("/mon-espace-sante/style.css").mimetype == "text/css"


def test_a_page_of_another_origin_and_another_host_are_refused(bench: Bench) -> None:
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
