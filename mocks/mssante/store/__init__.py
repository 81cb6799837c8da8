"""MSSanté mock, store: created mailboxes, folders and messages.

``tables`` (rows), ``boxes`` (mailboxes and delivery), ``folders`` (what IMAP reads and changes),
``space`` (what the rules ask).
A mailbox of the invented country has no row until something is delivered into it.
Not here: who may read or write (``rules`` and the entry points).
"""

from mocks.mssante.store.boxes import MailStore
from mocks.mssante.store.folders import Folder, FolderStore, Seen, StoredMessage, changes
from mocks.mssante.store.space import Space
from mocks.mssante.store.tables import metadata

__all__ = [
    "Folder",
    "FolderStore",
    "MailStore",
    "Seen",
    "Space",
    "StoredMessage",
    "changes",
    "metadata",
]
