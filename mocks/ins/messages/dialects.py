"""INS messages, dialects: how the service spelled its answers over the years.

Same namespaces, other prefixes: they broke clients that read answers as text. Not here: what an
answer says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kit.xml import NS, Element, serialize


@dataclass(frozen=True, slots=True)
class Dialect:
    """Prefixes and habits of one period.

    has_first_name: TIQ/Prenom is answered. fatal: how the gravest ``severite`` is spelled.
    """

    name: str
    body_prefix: str
    fault_prefix: str
    language: str
    has_first_name: bool
    fatal: str = "fatal"  # as captured; its own schema says "fatale"


# INSi service, 2.9 and 11.3; the body's prefix since 2025 is not known, the one before it is kept
DIALECTS = {
    "2021": Dialect("2021", "S", "S", language="en", has_first_name=True),
    "2022": Dialect("2022", "env", "S", language="en", has_first_name=False),
    "2025": Dialect("2025", "env", "soap", language="fr", has_first_name=False),
}


def adapted(dialect: Dialect, severity: str, first_name: str) -> Dialect:
    """A dialect with the scenario's own choices.

    severity: ``captured`` or ``schema``. first_name: ``dialect``, ``always`` or ``never``.
    """
    has_first_name = {"always": True, "never": False}.get(first_name, dialect.has_first_name)
    fatal = "fatale" if severity == "schema" else dialect.fatal
    return replace(dialect, fatal=fatal, has_first_name=has_first_name)


def write_answer(body: Element, dialect: Dialect) -> bytes:
    """The envelope of an answer: no header, and the body under a prefix of its own.

    Put together as bytes: the XML library would fold two prefixes of one namespace into one.
    """
    soap, prefix = NS["soap"], dialect.body_prefix
    opening = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{soap}"><{prefix}:Body xmlns:{prefix}="{soap}">'
    )
    return opening.encode() + serialize(body) + f"</{prefix}:Body></soap:Envelope>".encode()
