"""Simulator, streams: named random streams from one seed, and the identifiers drawn from them.

Not here: any draw. Who needs chance asks for a stream by a name of its own, so that adding a
name never moves the others. Nothing in the product draws from a global generator.
"""

from __future__ import annotations

import hashlib

import numpy as np

MAX_OID_LENGTH = 64  # characters; ISO/IEC 9834 as XDS restricts it, ITI TF-3 4.2.3.1
_LEAF_BITS = 63


class Streams:
    """The random streams of one seed: ``streams["ward-12/admissions"]``."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._open: dict[str, np.random.Generator] = {}

    def __getitem__(self, name: str) -> np.random.Generator:
        """The stream of this name, which goes on where it was left."""
        if name not in self._open:
            self._open[name] = self.fresh(name)
        return self._open[name]

    def fresh(self, name: str) -> np.random.Generator:
        """The same stream from its beginning, not remembered: one per stay, one per document."""
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        words = np.frombuffer(digest, dtype="<u4").tolist()
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, *words])))


def uuid(stream: np.random.Generator) -> str:
    """A version 4 UUID in lower case, drawn from ``stream``."""
    octets = bytearray(stream.bytes(16))
    octets[6] = octets[6] & 0x0F | 0x40
    octets[8] = octets[8] & 0x3F | 0x80
    text = octets.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def oid(stream: np.random.Generator, root: str) -> str:
    """An OID under ``root``: one arc of 63 random bits, so two of them never meet in a run."""
    leaf = int.from_bytes(stream.bytes(8), "little") >> (64 - _LEAF_BITS)
    value = f"{root}.{leaf}"
    if len(value) > MAX_OID_LENGTH:
        raise ValueError(f"{value} is longer than {MAX_OID_LENGTH} characters")
    return value
