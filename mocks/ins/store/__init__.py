"""INS mock, store: the persons of the base, the lots under check, the calls counted.

The country is a function and is not stored; what the control channel changed is. Not here: whom a
search designates.
"""

from mocks.ins.store.base import Store
from mocks.ins.store.batches import Batch, Batches
from mocks.ins.store.persons import Persons
from mocks.ins.store.tables import metadata

__all__ = ["Batch", "Batches", "Persons", "Store", "metadata"]
