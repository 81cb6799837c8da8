"""INS errors: the table and the page that explains it stay together."""

from __future__ import annotations

import re
from pathlib import Path

import mocks.ins
from kit.settings import table
from mocks.ins import errors

README = (Path(mocks.ins.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_every_fault_is_explained_and_none_is_invented() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(siram_\d+)` \| (\w+) \| .* \| (.*) \|$", README, re.M)
    told = {code: (subcode, party) for code, subcode, party, _ in rows}
    assert told == {row.code: (row.subcode, row.party) for row in errors.FAULTS.values()}
    confirmed = {code for code, _, _, state in rows if state.startswith("confirmed")}
    assert confirmed == {row.code for row in errors.FAULTS.values() if row.confirmed}


def test_every_setting_of_the_mock_is_explained() -> None:
    ours = {name for name, _, _ in table() if name.startswith("BANC_INS_")} - {"BANC_INS_HOST"}
    assert {name for name in ours if f"`{name}`" in README} == ours


def test_result_labels_are_those_of_the_wire() -> None:
    assert {row.code: row.meaning for row in errors.RESULTS.values()} == {
        "00": "OK",
        "01": "Aucune identite trouvee",
        "02": "Plusieurs identites trouvees",
    }
