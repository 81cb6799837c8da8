"""Fixtures of the tests of delivery: one test authority, one sender."""

from __future__ import annotations

import pytest

from kit.pki import TestPki
from simulator.delivery.sender import Sender, Software
from tests.simulator.builders import CLINIC, WORLD


@pytest.fixture(scope="session")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Sender:
    """A clinic with its certificates."""
    pki = TestPki.open(tmp_path_factory.mktemp("trust") / "pki")
    establishment = WORLD.establishment(CLINIC)
    assert establishment is not None
    software = Software("Hospidoc", "4.2", "BANC-TEST", "BANC-TEST", "TEST000001")
    return Sender(establishment, pki.establishment(establishment), software)
