"""Pro Santé Connect mock, rules: what is refused, and why.

- ``clients``: who a client is, and which descriptions are registered
- ``authorization``: the authorization request, the login page and the consent
- ``tokens``: codes, refresh tokens, access tokens, revocation, logout
- ``ciba``: the backchannel request, polling and the phone
"""

from mocks.psc.rules import authorization, ciba, clients, tokens

__all__ = ["authorization", "ciba", "clients", "tokens"]
