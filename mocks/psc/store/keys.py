"""Pro Santé Connect mock, store: the key that signs, one for all worker processes.

Two files of the data folder: the private key, and the public ones that any service may read
(kit.psc). Tokens outlive a restart, as those of the real server do.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet, RSAKey

from kit.psc import ALGORITHM, JWKS_FILE, public_keys
from kit.shared_file import SharedFile

KEY_FILE = "psc-key.json"
KEY_BITS = 2048


class SigningKey:
    """The signing key, made at first use."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._private = SharedFile(data_dir / KEY_FILE)
        self._public = SharedFile(data_dir / JWKS_FILE)
        self._seen: Any = None
        self._private.change(lambda found: found or _made())  # one key, whoever comes first
        self._public.write({"keys": [self.value.as_dict(private=False)]})

    @property
    def value(self) -> RSAKey:
        """The private key."""
        found = self._private.read()
        if found is not self._seen:
            self._seen, self._key = found, RSAKey.import_key(found)
        return self._key

    @property
    def public(self) -> KeySet:
        """The public keys, as everybody may have them."""
        return public_keys(self._data_dir)


def _made() -> dict[str, Any]:
    parameters: Any = {"use": "sig", "alg": ALGORITHM, "kid": uuid.uuid4().hex}
    return dict(RSAKey.generate_key(KEY_BITS, parameters, private=True).as_dict(private=True))
