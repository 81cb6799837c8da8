"""Banc, pytest plugin: a private bench for an integrator's own tests.

``def test_my_software(banc_bench): …`` starts the services once a session, on free ports; every
test begins with empty stores. ``banc_bench.settings`` holds the ports and the data folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from banc.bench import Bench


@pytest.fixture(scope="session")
def banc_session() -> Iterator[Bench]:
    """The bench of this session; nothing is emptied between tests."""
    from banc.private import private_bench

    with private_bench() as bench:
        yield bench


@pytest.fixture
def banc_bench(banc_session: Bench) -> Bench:
    """The bench of this session, emptied for this test."""
    from banc.control import reset_bench

    reset_bench(banc_session.settings)
    return banc_session
