"""ROR mock, store: the key that signs access tokens, one for all worker processes.

It is a file of the data folder: tokens outlive a restart, as those of the real server do.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from kit.shared_file import SharedFile


class TokenKey:
    """The signing key, made at first use."""

    def __init__(self, data_dir: Path) -> None:
        self._file = SharedFile(data_dir / "ror-token-key.json")
        self.value  # noqa: B018  made before worker processes could disagree

    @property
    def value(self) -> str:
        """The key."""
        if self._file.read() is None:
            self._file.write(secrets.token_hex(32))
        return str(self._file.read())
