"""Banc, private bench: one of your own, on free ports and a folder of its own.

For tests, measurements and scripts. Not here: the parts (parts), their supervision (bench).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from banc.bench import Bench
from banc.parts import parts, pki_of
from banc.ports import free_port
from kit.settings import Settings


def on_free_ports(settings: Settings) -> Settings:
    """The same settings with every port replaced by one that nobody listens on now."""
    names = [item.name for item in fields(Settings) if item.name.endswith("_port")]
    ports: dict[str, Any] = {name: free_port(settings.host) for name in names}
    return replace(settings, **ports)


@contextmanager
def private_bench(folder: Path | None = None, **chosen: object) -> Iterator[Bench]:
    """A running bench; ``chosen`` are settings. Without a folder its data goes at the end."""
    with tempfile.TemporaryDirectory(prefix="banc-") as made:
        base = replace(Settings(), data_dir=folder or Path(made), workers=1)
        settings = on_free_ports(replace(base, **chosen))  # type: ignore[arg-type]
        pki_of(settings)
        bench = Bench(settings, parts(settings))
        bench.start()
        try:
            yield bench
        finally:
            bench.stop()
