"""Pro Santé Connect mock: OpenID Connect for professionals, with a login page and CIBA."""
