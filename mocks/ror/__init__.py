"""ROR mock: the national directory of care offers and resources, FHIR R4."""
