"""The table of settings: what is read, what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.settings import Settings, WrongSettings, from_env, table, to_env


def test_an_empty_environment_gives_the_defaults() -> None:
    assert from_env({}) == Settings()


def test_a_setting_is_read_by_its_type() -> None:
    settings = from_env({"BANC_DMP_PORT": "9001", "BANC_DATA_DIR": "/tmp/x", "PATH": "/bin"})
    assert (settings.dmp_port, settings.data_dir) == (9001, Path("/tmp/x"))


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(WrongSettings) as caught:
        from_env({"BANC_DMP_PROT": "1", "BANC_DMP_PORT": "x", "BANC_WORKERS": "0"})
    told = " ".join(caught.value.mistakes)
    assert len(caught.value.mistakes) == 3
    assert "BANC_DMP_PROT is not a setting" in told
    assert "BANC_WORKERS='0'" in told


def test_settings_survive_the_way_through_the_environment() -> None:
    settings = from_env({"BANC_DMP_PORT": "9001", "BANC_SERVER_NAMES": "a.test,b.test"})
    assert from_env(to_env(settings)) == settings


def test_every_row_has_a_sentence() -> None:
    rows = table()
    assert len(rows) > 20
    assert all(sentence.endswith(".") for _, _, sentence in rows)
