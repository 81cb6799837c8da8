"""ROR messages: what travels, as dataclasses with their readers and writers. The public face."""

from mocks.ror.messages.bed_patch import (
    BedOperation,
    BedPatch,
    add,
    delete,
    read_bed_patch,
    replace,
    told,
    write_bed_patch,
)
from mocks.ror.messages.capability import write_capability_statement
from mocks.ror.messages.capacity import Capacity, key_text, read_capacities, write_capacity
from mocks.ror.messages.element_patch import patched, read_element_patch
from mocks.ror.messages.location import sync_id
from mocks.ror.messages.offer import (
    OFFER_SEARCH,
    Completeness,
    Offer,
    Population,
    read_offers,
)
from mocks.ror.messages.search import projected, read_resource
from mocks.ror.messages.token import (
    TOKEN_PATH,
    Client,
    TokenRequest,
    read_token,
    read_token_request,
    write_token,
    write_token_request,
)

DIFFUSION_PATH = "/ws-diffusion-fhir"
BED_PATH = "/ws-synchro-dispo-lits-fhir"

# The four headers of a diffusion call (contexte de l'utilisateur), and values that are accepted.
# Source: ROR guide, "en-têtes".
CONTEXT_HEADERS = {
    "Ror-Profil-Utilisateur-Code": "CU20",
    "Ror-Profil-Utilisateur-System": "1.2.250.1.213.1.6.1.66",
    "Ror-Role-Metier-Code": "AUTOMATE",
    "Ror-Role-Metier-System": "1.2.250.1.213.1.1.4.6",
}

__all__ = [
    "BED_PATH",
    "CONTEXT_HEADERS",
    "DIFFUSION_PATH",
    "OFFER_SEARCH",
    "TOKEN_PATH",
    "BedOperation",
    "BedPatch",
    "Capacity",
    "Client",
    "Completeness",
    "Offer",
    "Population",
    "TokenRequest",
    "add",
    "delete",
    "key_text",
    "patched",
    "projected",
    "read_bed_patch",
    "read_capacities",
    "read_element_patch",
    "read_offers",
    "read_resource",
    "read_token",
    "read_token_request",
    "replace",
    "sync_id",
    "told",
    "write_bed_patch",
    "write_capability_statement",
    "write_capacity",
    "write_token",
    "write_token_request",
]
