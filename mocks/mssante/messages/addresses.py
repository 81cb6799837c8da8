"""MSSanté mock, messages: mail addresses as the trust space writes them (no quoted local part).

Not here: whose address it is (``mailboxes``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import getaddresses
from functools import lru_cache

from kit.identity import is_matricule
from kit.rules import Malformed

CITIZEN_DOMAIN = "patient.mssante.fr"  # wire contract: MSSanté clients
MAX_LOCAL, MAX_ADDRESS = 64, 254  # RFC 5321 §4.5.3.1.1 and §4.5.3.1.3

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as a header names it: display name and address in small letters."""

    name: str
    address: str


def read_address(text: str) -> str:
    """An address in small letters. Raises Malformed when it is none of ours could be."""
    found = text.strip().lower()
    local, _, domain = found.rpartition("@")
    if len(local) > MAX_LOCAL or len(found) > MAX_ADDRESS:
        raise Malformed("address", "longer than RFC 5321 §4.5.3.1 allows")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise Malformed("address", f"{text[:80]!r} is not local-part@domain")
    return found


@lru_cache(maxsize=4096)
def read_addresses(value: str) -> tuple[tuple[str, str], ...]:
    """Display name and address of each mailbox of a header's value, encoded words left as is."""
    return tuple((name, address) for name, address in getaddresses([value]) if address)


def domain_of(address: str) -> str:
    """What follows the at sign."""
    return address.rpartition("@")[2].lower()


def is_citizen(address: str) -> bool:
    """Whether the address lies in the citizens' domain (Mon espace santé)."""
    return domain_of(address) == CITIZEN_DOMAIN


def matricule_of(address: str) -> str:
    """The 15 characters of a citizen's address, or an empty text when it is not of that form."""
    local = address.rpartition("@")[0].upper()
    return local if is_matricule(local) else ""


def citizen_address(matricule: str) -> str:
    """The address of a citizen: matricule with its key (15 characters)."""
    return f"{matricule.lower()}@{CITIZEN_DOMAIN}"
