"""Simulator, documents, references: the tables of references.yaml, read once.

Not here: what is drawn from them (see pictures) and where a notice stands (see reports).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@cache
def references() -> dict[str, Any]:
    """Drugs, routes, imaging, backgrounds, notices: key -> row."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / "references.yaml").read_text("utf-8"))
    return content


def notice(name: str) -> tuple[str, ...]:
    """The fixed sentences of that name."""
    return tuple(references()["notices"][name])
