"""Pro Santé Connect messages: the discovery document. Not here: what it announces."""

from __future__ import annotations

from typing import Any

from kit.psc import ALGORITHM, AUTHORIZATION_PATH, REALM_PATH
from mocks.psc.messages.authorization import EIDAS1, SCOPES
from mocks.psc.messages.clients import ASSERTION_ALGORITHMS, GRANTS, METHODS

DISCOVERY_PATHS = (
    f"{REALM_PATH}/.well-known/wallet-openid-configuration",  # the documented name
    f"{REALM_PATH}/.well-known/openid-configuration",
)
_PROTOCOL = f"{REALM_PATH}/protocol/openid-connect"
TOKEN_PATH = f"{_PROTOCOL}/token"
INTROSPECTION_PATH = f"{TOKEN_PATH}/introspect"
USER_INFO_PATH = f"{_PROTOCOL}/userinfo"
REVOCATION_PATH = f"{_PROTOCOL}/revoke"
LOGOUT_PATH = f"{_PROTOCOL}/logout"
KEYS_PATH = f"{_PROTOCOL}/certs"
CIBA_PATH = f"{_PROTOCOL}/ext/ciba/auth"
CLAIMS = (
    "sub", "iss", "aud", "nonce", "acr", "idp", "amr", "auth_time", "preferred_username",
    "SubjectNameID", "given_name", "family_name", "SubjectRole", "Secteur_Activite",
    "SubjectOrganization", "SubjectOrganizationID", "SubjectRefPro", "otherIds",
)  # fmt: skip


def write_discovery(base: str) -> dict[str, Any]:
    """The provider's metadata; the authorization endpoint lies outside the issuer's path.

    base: scheme, name and port. Source: OpenID Connect Discovery 3, CIBA Core 4, RFC 8705 5.
    """
    return {
        "issuer": base + REALM_PATH,
        "authorization_endpoint": base + AUTHORIZATION_PATH,
        "token_endpoint": base + TOKEN_PATH,
        "introspection_endpoint": base + INTROSPECTION_PATH,
        "userinfo_endpoint": base + USER_INFO_PATH,
        "revocation_endpoint": base + REVOCATION_PATH,
        "end_session_endpoint": base + LOGOUT_PATH,
        "jwks_uri": base + KEYS_PATH,
        "backchannel_authentication_endpoint": base + CIBA_PATH,
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": list(METHODS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "scopes_supported": list(SCOPES),
        "claims_supported": list(CLAIMS),
        "claim_types_supported": ["normal"],
        "acr_values_supported": [EIDAS1],
        "code_challenge_methods_supported": ["S256"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "tls_client_certificate_bound_access_tokens": True,
        "backchannel_token_delivery_modes_supported": ["poll"],
        "backchannel_user_code_parameter_supported": False,
    }
