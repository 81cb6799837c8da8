"""DMP mock, store: documents, their metadata and their bytes, as rows that never leave here.

tables.py the tables; building.py objects from JSON; matching.py which entries meet a query;
documents.py what routes and rules ask. Not here: what may be stored or seen (``rules``).
"""

from mocks.dmp.store.documents import Documents, Store
from mocks.dmp.store.tables import metadata

__all__ = ["Documents", "Store", "metadata"]
