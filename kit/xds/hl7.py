"""Kit, XDS data types: CX, XCN, XON and coded texts of HL7 v2, both ways.

Not here: which values are allowed. Readers never refuse: what they do not recognise stays in the
first component, so that a rule can quote it.
Source: ITI TF-3 4.2.3.1.7 (data types); CI-SIS, Partage de documents de santé (French profile).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from kit.identity import PROFESSIONAL_OID, STRUCTURE_OID

PS_OID = PROFESSIONAL_OID  # also the authority of software and of internal ids

_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_DTM = re.compile(r"[0-9]{4}([0-9]{2}){0,5}")
_WRITTEN = str.maketrans(_ESCAPES)
_UNESCAPES = {escaped: plain for plain, escaped in _ESCAPES.items()}


def escape(text: str) -> str:
    """Write the five separators of HL7 v2 as their escape sequences."""
    return text.translate(_WRITTEN)


def unescape(text: str) -> str:
    """Read the five escape sequences; any other backslash stays as it is."""
    if "\\" not in text:
        return text
    return re.sub(r"\\[EFSTR]\\", lambda match: _UNESCAPES[match[0]], text)


def _components(text: str, count: int) -> list[str]:
    """At least ``count`` components of a field, not yet unescaped."""
    parts = text.split("^")
    return parts + [""] * (count - len(parts))


def _join(*components: str) -> str:
    """Components joined, trailing empty ones left out."""
    return "^".join(components).rstrip("^")


def _read_authority(component: str) -> str:
    """The OID of ``&1.2.3&ISO``; "" when there is none."""
    parts = component.split("&")
    return parts[1] if len(parts) > 1 else ""


def _write_authority(oid: str) -> str:
    return f"&{oid}&ISO" if oid else ""


@dataclass(frozen=True, slots=True)
class Cx:
    """An identifier with its authority: ``id^^^&oid&ISO^type``."""

    id: str
    authority: str = ""
    type: str = ""

    @classmethod
    def read(cls, text: str) -> Cx:
        """Components after the fifth (an effective date in old examples) are left out."""
        parts = _components(text, 5)
        return cls(unescape(parts[0]), _read_authority(parts[3]), parts[4])

    def write(self) -> str:
        return _join(escape(self.id), "", "", _write_authority(self.authority), self.type)


@dataclass(frozen=True, slots=True)
class Xcn:
    """A person or a piece of software (auteur): ``id^family^given^…^&oid&ISO^D^^^IDNPS``.

    name_type: D for a person, U for software. id_type: IDNPS national, EI internal, RI software.
    """

    id: str = ""
    family: str = ""
    given: str = ""
    prefix: str = ""
    suffix: str = ""
    authority: str = ""
    name_type: str = ""
    id_type: str = ""

    @classmethod
    def read(cls, text: str) -> Xcn:
        parts = _components(text, 13)
        person, given, suffix, prefix = parts[0], parts[2], parts[4], parts[5]
        return cls(
            id=unescape(person),
            family=unescape(parts[1]),
            given=unescape(given),
            prefix=unescape(prefix),
            suffix=unescape(suffix),
            authority=_read_authority(parts[8]),
            name_type=parts[9],
            id_type=parts[12],
        )

    def write(self) -> str:
        names = (self.id, self.family, self.given, "", self.suffix, self.prefix)
        tail = ("", "", _write_authority(self.authority), self.name_type, "", "", self.id_type)
        return _join(*map(escape, names), *tail)


@dataclass(frozen=True, slots=True)
class Xon:
    """An organisation: ``Name^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1FINESS``."""

    name: str
    id: str = ""
    authority: str = ""
    id_type: str = ""

    @classmethod
    def read(cls, text: str) -> Xon:
        parts = _components(text, 10)
        authority = _read_authority(parts[5])
        return cls(unescape(parts[0]), unescape(parts[9]), authority, parts[6])

    def write(self) -> str:
        tail = (_write_authority(self.authority), self.id_type, "", "", escape(self.id))
        return _join(escape(self.name), "", "", "", "", *tail)


def national_person(ps_idnat: str, family: str, given: str) -> Xcn:
    """A professional known by a national number with its prefix: 8 + RPPS, 0 + ADELI."""
    return Xcn(
        id=ps_idnat,
        family=family,
        given=given,
        authority=PS_OID,
        name_type="D",
        id_type="IDNPS",
    )


def national_structure(struct_idnat: str, name: str) -> Xon:
    """A structure known by a national number with its prefix: 1 + FINESS, 3 + SIRET."""
    return Xon(name=name, id=struct_idnat, authority=STRUCTURE_OID, id_type="IDNST")


def write_dtm(at: datetime) -> str:
    """An aware time as XDS wants it: UTC, to the second, no zone (YYYYMMDDhhmmss)."""
    utc = at.astimezone(UTC)
    return f"{utc.year:04}{utc.month:02}{utc.day:02}{utc.hour:02}{utc.minute:02}{utc.second:02}"


@lru_cache(maxsize=1024)  # a document and its metadata say the same time in several places
def read_dtm(text: str) -> datetime:
    """A time of XDS, UTC, of any precision from the year on. Raises ValueError."""
    if not _DTM.fullmatch(text):
        raise ValueError(f"not a time of XDS: {text!r}")
    filled = text + "00000101000000"[len(text) :]
    month, day, hour, minute, second = (int(filled[at : at + 2]) for at in range(4, 14, 2))
    return datetime(int(filled[:4]), month, day, hour, minute, second, tzinfo=UTC)
