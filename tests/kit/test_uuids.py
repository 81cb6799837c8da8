"""Kit, uuids: the ids of the standard library, by a shorter way."""

from __future__ import annotations

import uuid

import pytest

from kit.uuids import name_based


@pytest.mark.parametrize("namespace", [uuid.NAMESPACE_OID, uuid.NAMESPACE_URL])
@pytest.mark.parametrize("name", ["", "1.2.250.1.999.1/Document01", "é\0😀", "x" * 10_000])
def test_an_id_is_that_of_the_standard_library(namespace: uuid.UUID, name: str) -> None:
    assert name_based(namespace, name) == str(uuid.uuid5(namespace, name))


def test_every_name_gives_a_uuid_of_version_5() -> None:
    """The bits of version and variant are set whatever the digest has there."""
    for number in range(500):
        found = uuid.UUID(name_based(uuid.NAMESPACE_OID, str(number)))
        assert (found.version, found.variant) == (5, uuid.RFC_4122)
