"""ROR mock, store: the directory and its unit of work.

- ``derived``: the offer of the invented country, a pure function
- ``overlay``: rows of what came over the wire
- ``search``: matching and includes
- ``directory``: both laid over each other
- ``token_key``: what signs access tokens
"""

from mocks.ror.store.directory import Directory, Store, View
from mocks.ror.store.token_key import TokenKey

__all__ = ["Directory", "Store", "TokenKey", "View"]
