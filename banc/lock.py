"""Banc, lock: writes the pinned requirements, names and versions only, no address.

Run by ``make lock`` in an environment where ``requirements.in`` and ``requirements-dev.in`` are
installed: it walks the installed distributions from there.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def closure(named: list[Requirement]) -> dict[str, str]:
    """Every distribution that ``named`` pulls in here -> its installed version."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(named)
    while waiting:
        item = waiting.pop()
        name = canonicalize_name(item.name)
        if (name, frozenset(item.extras)) in seen:
            continue
        seen.add((name, frozenset(item.extras)))
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # a marker excluded it here
        waiting += _needed(name, item.extras)
    return found


def _needed(name: str, extras: set[str]) -> list[Requirement]:
    asked = [Requirement(text) for text in requires(name) or []]
    return [
        item
        for item in asked
        if item.marker is None
        or any(item.marker.evaluate({"extra": extra}) for extra in (*extras, ""))
    ]


def read(path: Path) -> list[Requirement]:
    """The requirements a file names, a line each."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def main() -> None:
    """Write requirements.lock and requirements-dev.lock."""
    run = closure(read(Path("requirements.in")))
    dev = closure(read(Path("requirements-dev.in")))
    _write(Path("requirements.lock"), run)
    _write(Path("requirements-dev.lock"), {k: v for k, v in dev.items() if k not in run})


def _write(path: Path, pins: dict[str, str]) -> None:
    path.write_text("".join(f"{name}=={pins[name]}\n" for name in sorted(pins)), "utf-8")


if __name__ == "__main__":
    main()
