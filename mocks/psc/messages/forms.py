"""Pro Santé Connect messages: forms and queries, read strictly, and answers.

Not here: what a form means.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from authlib.common.urls import add_params_to_uri

from kit.psc import MAX_TOKEN_CHARS
from kit.rules import Malformed, Refusal
from mocks.psc.errors import OAuthCode

Form = Mapping[str, str]
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 64 * 1024
MAX_FIELDS = 60
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def read_form(text: str) -> Form:
    """A query or a form; an empty value counts as absent. Source: RFC 6749 3.1, 3.2.

    Raises Malformed: a parameter given twice, control characters, too many, too long.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise Malformed("form", f"not a form in UTF-8 of at most {MAX_FIELDS} fields") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise Malformed(name[:64], "given twice")
        found[name] = _sane(name, value)
    return {name: value for name, value in found.items() if value}


def _sane(name: str, value: str) -> str:
    if len(value) > MAX_TOKEN_CHARS:
        raise Malformed(name[:64], f"longer than {MAX_TOKEN_CHARS} characters")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in name + value):
        raise Malformed(_plain(name)[:64], "holds control characters")
    return value


def required(form: Form, name: str) -> str:
    """A field that a request cannot do without. Raises Malformed."""
    require(form, (name,))
    return form[name]


def require(form: Form, names: Iterable[str]) -> None:
    """All the fields that a request cannot do without. Raises Malformed naming every absent one."""
    missing = [name for name in names if name not in form]
    if missing:
        raise Malformed(", ".join(missing), "missing")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the caller."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def write_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer that nobody keeps."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(data, status, headers={**NO_STORE, **(headers or {})})


def write_redirect(location: str, status: int = 302) -> Answer:
    """Send the browser elsewhere; ``location`` is encoded already."""
    assert location.isascii()
    assert location.isprintable(), "a header is one line"
    headers = {**NO_STORE, "Location": location, "Referrer-Policy": "no-referrer"}
    return Answer(b"", status, "text/plain", headers)


def with_parameters(uri: str, parameters: Mapping[str, str]) -> str:
    """A URI with these parameters added to its query, encoded; those it has stay."""
    return str(add_params_to_uri(uri, list(parameters.items())))


def write_error(refusals: Iterable[Refusal]) -> dict[str, str]:
    """The error of OAuth: the first refusal's code, told with all of them.

    Source: RFC 6749 5.2: a description has only printable ASCII, without quotes or backslashes.
    """
    found = tuple(refusals)
    told = " | ".join(refusal.text for refusal in found)
    return {"error": found[0].code.code, "error_description": _plain(told)}


def status_of(refusals: Iterable[Refusal]) -> int:
    """The HTTP status of the first refusal."""
    code = next(iter(refusals)).code
    return code.status if isinstance(code, OAuthCode) else 400


def write_refusals(refusals: tuple[Refusal, ...]) -> Answer:
    """Refusals as the token endpoint words them. Source: RFC 6749 5.2."""
    status = status_of(refusals)
    headers = {"WWW-Authenticate": 'Basic realm="esante-wallet"'} if status == 401 else {}
    return write_json(write_error(refusals), status, headers)


def write_bearer_refusals(refusals: tuple[Refusal, ...]) -> Answer:
    """Refusals as a protected resource words them. Source: RFC 6750 3."""
    told = write_error(refusals)
    challenge = ", ".join(f'{name}="{value}"' for name, value in told.items())
    headers = {"WWW-Authenticate": f'Bearer realm="esante-wallet", {challenge}'}
    return write_json(told, status_of(refusals), headers)


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    kept = bare.replace('"', "'").replace("\\", "/")
    return "".join(sign for sign in kept if sign.isprintable())[:1500]
