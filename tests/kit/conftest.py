"""Fixtures of the tests of kit."""

from __future__ import annotations

import pytest

from kit.pki import TestPki


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """One test authority for all tests: keys take time to make."""
    return TestPki.open(tmp_path_factory.mktemp("trust") / "pki")
