"""MSSanté mock, store: the trust space: created mailboxes beside those of the invented country.

What the rules ask about domains and mailboxes, and who may open one. Not here: messages.
"""

from __future__ import annotations

import hmac

from kit.settings import Settings
from kit.world import world_of
from mocks.mssante.messages.mailboxes import CitizenMessaging, Directory, Mailbox
from mocks.mssante.messages.trust_list import TrustedDomain
from mocks.mssante.store.boxes import MailStore


class Space:
    """The mailboxes and domains of one sandbox."""

    def __init__(self, settings: Settings, mails: MailStore) -> None:
        self._password = settings.mssante_password
        self._directory = Directory(world_of(settings))
        self._mails = mails

    def domains(self) -> tuple[TrustedDomain, ...]:
        """The trust list, by name."""
        return tuple(self._directory.domains.values())

    def is_trusted(self, domain: str) -> bool:
        return domain in self._directory.domains

    def mailbox(self, address: str) -> Mailbox | None:
        return self._directory.find(address) or self._mails.mailbox(address)

    def citizen(self, matricule: str) -> CitizenMessaging:
        return self._directory.citizen(matricule)

    def is_derived(self, address: str) -> bool:
        """Whether the mailbox belongs to the invented country and so cannot be deleted."""
        return self._directory.find(address) is not None

    def mailboxes(self) -> list[Mailbox]:
        """Every professional mailbox, derived and created, in order of address."""
        derived = self._directory.professional_boxes.values()
        return sorted([*derived, *self._mails.mailboxes()], key=lambda box: box.address)

    def finess_of(self, address: str) -> str:
        """The FINESS of the legal entity that uses the mailbox, or an empty text."""
        found = self._directory.establishment_of(address)
        if found:
            return found
        box = self.mailbox(address)
        return box.finess if box else ""

    def open(self, user: str, password: str) -> Mailbox | None:
        """The mailbox that these credentials open."""
        known = hmac.compare_digest(password.encode(), self._password.encode())
        address = user.strip().lower()
        return self.mailbox(address) if known else None
