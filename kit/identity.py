"""Kit, identity: INS, strict traits, statuses, and the check keys of FINESS and RPPS.

Not here: any person or structure (``kit.world``), any search, any message; what a service makes of
a wrong key is its own rule.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from kit.rules import Malformed

Sex = Literal["M", "F", "I"]

NIR_OID = "1.2.250.1.213.1.4.8"
NIA_OID = "1.2.250.1.213.1.4.9"
TEST_OID = "1.2.250.1.213.1.4.10"
DEMO_OID = "1.2.250.1.213.1.4.11"
INS_OIDS = (NIR_OID, NIA_OID, TEST_OID, DEMO_OID)
PROFESSIONAL_OID = "1.2.250.1.71.4.2.1"
STRUCTURE_OID = "1.2.250.1.71.4.2.2"

_INS_NUMBER = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}")
_MATRICULE = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{8}")
_CX = re.compile(r"([0-9A-Z]{15})\^\^\^&([0-9]+(?:\.[0-9]+)+)&ISO\^NH")
_FINESS = re.compile(r"[0-9][0-9A-Z][0-9]{7}")
_RPPS = re.compile(r"[0-9]{11}")
_COG = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_LUNAR_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BIRTH_NAME = re.compile(r"[A-Z'][A-Z' -]*")
_FIRST_NAME = re.compile(r"[A-Z' -]*[A-Z ]")
_LIGATURES = str.maketrans(
    {"Æ": "AE", "Œ": "OE", "æ": "AE", "œ": "OE", "ß": "SS", "’": "'", "‐": "-", "‑": "-"}
)


class IdentityStatus(StrEnum):
    """Trust in a local identity (statut de l'identité, RNIV): only QUALIFIED carries an INS out."""

    PROVISIONAL = "PROV"
    RETRIEVED = "RECUP"
    VALIDATED = "VALI"
    QUALIFIED = "QUAL"


class InsLookup(StrEnum):
    """What a search of the INS by traits gives (CodeCR of INSi)."""

    FOUND = "00"
    NONE = "01"
    SEVERAL = "02"


@dataclass(frozen=True, slots=True)
class Ins:
    """A matricule of 15 characters (NIR or NIA, with its key) and the OID of its authority."""

    matricule: str
    oid: str

    @property
    def number(self) -> str:
        """The 13 characters without the key."""
        return self.matricule[:13]

    @property
    def key(self) -> str:
        """The two digits of the key as they were given, right or wrong."""
        return self.matricule[13:]

    @property
    def has_valid_key(self) -> bool:
        """Whether the key is the one the formula gives; False for what is no matricule at all."""
        return bool(_MATRICULE.fullmatch(self.matricule)) and ins_key(self.number) == self.key

    @property
    def cx(self) -> str:
        """The HL7 CX form used as XDS patientId and VIHF resource-id."""
        return f"{self.matricule}^^^&{self.oid}&ISO^NH"

    @classmethod
    def from_cx(cls, text: str) -> Ins:
        """Read ``<matricule>^^^&<oid>&ISO^NH``; Malformed when the shape is another one."""
        match = _CX.fullmatch(text)
        if match is None:
            raise Malformed("INS", f"not of the form <15 characters>^^^&<OID>&ISO^NH: {text!r}")
        return cls(*match.groups())

    @classmethod
    def of(cls, number: str, oid: str) -> Ins:
        """The INS of a number of 13 characters, its key computed."""
        return cls(number + ins_key(number), oid)


@dataclass(frozen=True, slots=True)
class PastIns(Ins):
    """An INS a person no longer uses (INSHISTO); its dates may be absent or out of order."""

    valid_from: str = ""
    valid_until: str = ""


@dataclass(frozen=True, slots=True)
class IdentityTraits:
    """The strict traits (traits stricts). Dates are ``YYYY-MM-DD`` and may be lunar."""

    birth_name: str
    first_names: tuple[str, ...]
    sex: str
    birth_date: str
    birth_place: str

    @property
    def first_name(self) -> str:
        """The first of the birth first names."""
        return self.first_names[0] if self.first_names else ""


# Check keys.


def ins_key(number: str) -> str:
    """The key of a NIR or NIA: 97 - (number mod 97), two digits.

    Corsica: 2A counts as 19 and 2B as 18, in positions 6 and 7 only.
    Raises ValueError when ``number`` has not the shape of 13 characters.
    """
    if not _INS_NUMBER.fullmatch(number):
        raise ValueError(f"not a number of 13 characters: {number!r}")
    department = {"2A": "19", "2B": "18"}.get(number[5:7], number[5:7])
    return f"{97 - int(number[:5] + department + number[7:]) % 97:02d}"


def is_ins_number(text: str) -> bool:
    """Whether ``text`` has the shape of a number of 13 characters, without its key."""
    return bool(_INS_NUMBER.fullmatch(text))


def is_matricule(text: str) -> bool:
    """Whether ``text`` has the shape of a matricule with its key, the key being right or wrong."""
    return bool(_MATRICULE.fullmatch(text))


def is_finess(text: str) -> bool:
    """Whether ``text`` has the shape of a FINESS number: 9 characters, the second maybe a letter.

    The shape alone: published test certificates hold numbers whose key is wrong (1B0062023).
    """
    return bool(_FINESS.fullmatch(text))


def finess_key(first_eight: str) -> str:
    """The last digit of a FINESS number (Luhn); a letter counts as its rank, A = 1, B = 2."""
    return _luhn_key(_letters_as_ranks(first_eight))


def valid_finess(text: str) -> bool:
    """Whether ``text`` is a FINESS number with the right key."""
    return is_finess(text) and finess_key(text[:8]) == text[8]


def rpps_key(first_ten: str) -> str:
    """The last digit of an RPPS number (Luhn)."""
    return _luhn_key(first_ten)


def valid_rpps(text: str) -> bool:
    """Whether ``text`` is an RPPS number of 11 digits with the right key."""
    return bool(_RPPS.fullmatch(text)) and rpps_key(text[:10]) == text[10]


def struct_idnat(finess: str) -> str:
    """The national identifier of a structure (idNatStruct) known by its FINESS number."""
    return "1" + finess


def ps_idnat(rpps: str) -> str:
    """The national identifier of a professional (idNatPS) known by their RPPS number."""
    return "8" + rpps


def _letters_as_ranks(text: str) -> str:
    return "".join(str((ord(c) - 64) % 10) if c.isalpha() else c for c in text)


def _luhn_key(digits: str) -> str:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


# Names.


def unaccented(text: str) -> str:
    """Upper case, without diacritics or ligatures, with the ASCII apostrophe: as INSi writes."""
    if text.isascii():
        return text.upper()
    decomposed = unicodedata.normalize("NFD", text.translate(_LIGATURES).upper())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def normalized(name: str) -> str:
    """A name as it is compared: unaccented; space, hyphen and apostrophe are one space."""
    return " ".join(unaccented(name).replace("-", " ").replace("'", " ").split())


def is_insi_birth_name(name: str) -> bool:
    """Whether INSi takes ``name`` as NomNaissance.

    A-Z, space, apostrophe, one or two hyphens; no space nor hyphen first; space and apostrophe
    neither doubled nor side by side. Source: SEL-MP-043, EF_INS01_03 and EF_INS10_01.
    """
    return (
        bool(_BIRTH_NAME.fullmatch(name))
        and not _has_any(name, ("  ", "''", " '", "' ", "---"))
        and any(c.isalpha() for c in name)
    )


def is_insi_first_name(name: str) -> bool:
    """Whether INSi takes ``name`` as Prenom.

    A-Z, space, apostrophe, single hyphens; no hyphen nor apostrophe last.
    Source: SEL-MP-043, EF_INS10_02.
    """
    return bool(_FIRST_NAME.fullmatch(name)) and "--" not in name and any(c.isalpha() for c in name)


def is_insi_sex(sex: str) -> bool:
    """Whether INSi takes ``sex``: M or F, never unknown. Source: SEL-MP-043, EF_INS25_04."""
    return sex in {"M", "F"}


def is_lunar_date(text: str) -> bool:
    """Whether ``text`` is ``YYYY-MM-DD``, days and months that do not exist being allowed."""
    return bool(_LUNAR_DATE.fullmatch(text))


UNKNOWN = "00"  # a month or a day nobody knows
# Whether month and day are unknown -> what is written in their place; "": as they are told.
COMPLETED = {
    (False, False): ("", ""),
    (False, True): ("", "01"),
    (True, False): ("01", ""),
    (True, True): ("12", "31"),
}


def completed_date(text: str) -> str:
    """A birth date of which a part is unknown, completed as software writes it down.

    ``1957-06-00`` -> ``1957-06-01``, ``1957-00-12`` -> ``1957-01-12``, ``1957-00-00`` ->
    ``1957-12-31``; any other text is given back. This is what documents and messages carry.
    Source: guide INS, EXI ID 11 and 12, second-hand; DMP integrator guide, REC_1.x-1150 (a lunar
    date is sent transformed, YYYYMMDD), whose own rule AM_DLU is not public.
    """
    if not is_lunar_date(text):
        return text
    year, month, day = text.split("-")
    written = COMPLETED[month == UNKNOWN, day == UNKNOWN]
    return f"{year}-{written[0] or month}-{written[1] or day}"


def is_cog(text: str) -> bool:
    """Whether ``text`` has the shape of a geographic code (COG): 5 characters, 2A and 2B too."""
    return bool(_COG.fullmatch(text))


def names_a_place(cog: str) -> bool:
    """Whether a geographic code may name a commune or a country of today.

    The department exists (Corsica: 2A and 2B), the commune is not 000; a country is 99101 to 99599.
    Which communes there are is not judged.
    """
    if not is_cog(cog) or cog.endswith("000"):
        return False
    if cog.startswith("99"):
        return 101 <= int(cog[2:]) <= 599
    if cog[:2] in ("97", "98"):
        return cog[2] != "0" and cog[3:] != "00"
    return cog[:2] in ("2A", "2B") or (cog[:2] != "20" and "01" <= cog[:2] <= "95")


def _has_any(text: str, parts: Iterable[str]) -> bool:
    return any(part in text for part in parts)
