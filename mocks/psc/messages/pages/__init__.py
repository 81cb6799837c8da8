"""Pro Santé Connect messages: the pages a professional sees, in French, without a script.

Every value goes through the template engine's escaping. Not here: what the buttons do (routes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kit.rules import Refusal
from kit.world import Professional
from mocks.psc.messages.authorization import Login
from mocks.psc.messages.ciba import PhoneRequest
from mocks.psc.messages.clients import Client
from mocks.psc.messages.forms import NO_STORE, Answer, status_of
from mocks.psc.messages.people import full_name, national_id

STYLE_PATH = "/auth/style.css"
LOGIN_PATH = "/auth/login"
CONSENT_PATH = "/auth/consent"
PHONE_PATH = "/telephone"
COOKIE = "psc_browser"
_HERE = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_PAGES.globals |= {
    "style": STYLE_PATH,
    "login_path": LOGIN_PATH,
    "consent_path": CONSENT_PATH,
    "phone_path": PHONE_PATH,
    "full_name": full_name,
    "national_id": national_id,
}
PROFESSIONS = {"10": "Médecin", "60": "Infirmier"}


def write_style() -> Answer:
    """The style sheet of the pages."""
    return Answer((_HERE / "style.css").read_bytes(), 200, "text/css; charset=utf-8")


def write_people(
    login: Login, client: Client, people: Iterable[tuple[Professional, str]], asked: str
) -> Answer:
    """The professionals to choose from, each with the name of their place."""
    return _page(
        "people.html", login=login, client=client, asked=asked, people=list(people),
        professions=PROFESSIONS,
    )  # fmt: skip


def write_consent(login: Login, client: Client, professional: Professional, place: str) -> Answer:
    """The professional allows the client, or does not."""
    parts = urlsplit(login.asked.redirect_uri)
    return _page(
        "consent.html", login=login, client=client, professional=professional, place=place,
        sent_to=f"{parts.scheme}://{parts.netloc}", forms_to=f"{parts.scheme}://{parts.netloc}",
    )  # fmt: skip


def write_phone(
    waiting: Iterable[PhoneRequest], form_key: str, asked: str, names: Mapping[str, str]
) -> Answer:
    """The requests that wait on phones. names: national id -> name."""
    return _page(
        "phone.html", waiting=list(waiting), form_key=form_key, asked=asked, names=names
    )  # fmt: skip


def write_told(title: str, text: str) -> Answer:
    """One thing to say."""
    return _page("told.html", title=title, text=text, refusals=())


def write_refused_page(refusals: tuple[Refusal, ...]) -> Answer:
    """What is wrong, shown here because nothing may be sent elsewhere."""
    return _page(
        "told.html", status_of(refusals), title="Demande refusée", text="", refusals=refusals
    )  # fmt: skip


def _page(name: str, status: int = 200, *, forms_to: str = "", **told: Any) -> Answer:
    body = _PAGES.get_template(name).render(**told)
    headers = {**NO_STORE, "Content-Security-Policy": _policy(forms_to), **_GUARDS}
    return Answer(body.encode(), status, "text/html; charset=utf-8", headers)


_GUARDS = {"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}


def _policy(forms_to: str) -> str:
    """No script, no frame, our style sheet only.

    Browsers apply form-action to the redirect that follows a form too, so the page that ends with
    one names where it goes.
    """
    return (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {forms_to}".rstrip()
    )
