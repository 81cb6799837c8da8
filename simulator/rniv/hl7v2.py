"""Simulator, RNIV, HL7 v2: the identity fields of an ADT message, PID and ZFD of IHE PAM France.

Small readers over the ``hl7`` library, and a rule book for what the fields say together. Source:
IHE PAM FR; RNIV. Not here: transport (MLLP), acknowledgements, any other segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import hl7

from kit.identity import IdentityStatus, IdentityTraits, Ins
from kit.rules import Finding, Malformed, RuleBook
from simulator.rniv import errors
from simulator.rniv.evidence import Channel

received = RuleBook("RNIV identity in an HL7 v2 message")

SIZE_AT_MOST = 1_000_000  # characters
# Table 0445 as France extends it; RECUP and QUAL came later. Source: RNIV; INS guide.
RELIABILITY = frozenset(
    "VIDE PROV RECUP VALI QUAL DOUT FICT HOMA HOMD DOUB DPOT DOUA COLP COLV DESA CACH ANOM USUR "
    "INVA FILI IDVER RECD IDRA".split()
)
_DATE = re.compile(r"[0-9]{8}")
_SEXES = {"M": "M", "F": "F"}
_SEGMENT_ENDS = re.compile(r"\r\n|\r|\n")  # files end lines otherwise than the wire does


@dataclass(frozen=True, slots=True)
class Zfd:
    """The French segment on the identity. Dates are ``YYYY-MM-DD``, empty when absent.

    lunar_date: ZFD-1 (NA), its parts: day, month, year as they came.
    is_date_corrected: ZFD-4. method: ZFD-5. evidence: ZFD-7, until ZFD-8.
    """

    lunar_date: tuple[str, ...] = ()
    weeks_of_pregnancy: str = ""
    sms_consent: str = ""
    is_date_corrected: bool = False
    method: Channel | None = None
    insi_called_on: str = ""
    evidence: str = ""
    evidence_expires_on: str = ""


@dataclass(frozen=True, slots=True)
class MessageIdentity:
    """What a message says of an identity.

    used_name, used_first_name: of the PID-5 of type D. reliability: the codes of PID-32.
    """

    ipp: str
    ipp_authority: str
    traits: IdentityTraits
    ins: Ins | None = None
    ins_since: str = ""
    used_name: str = ""
    used_first_name: str = ""
    reliability: tuple[str, ...] = ()
    zfd: Zfd | None = None

    @property
    def status(self) -> IdentityStatus:
        """The status its codes and its INS say together."""
        return status_of(self.reliability, has_ins=self.ins is not None)


def status_of(reliability: tuple[str, ...], *, has_ins: bool) -> IdentityStatus:
    """The status of an identity in a message: VALI with an INS is qualified, RNIV."""
    if "QUAL" in reliability or ("VALI" in reliability and has_ins):
        return IdentityStatus.QUALIFIED
    if "VALI" in reliability:
        return IdentityStatus.VALIDATED
    return IdentityStatus.RETRIEVED if "RECUP" in reliability else IdentityStatus.PROVISIONAL


def read_identity(text: str) -> MessageIdentity:
    """Read PID and ZFD of a message of HL7 v2, separated by CR or by lines.

    Raises Malformed when it is no HL7 message, or its PID lacks an IPP, a legal name or the form
    of a date.
    """
    message = _parsed(text)
    pid = Fields.of(message, "PID")
    if pid is None:
        raise Malformed("PID", "the segment is absent")
    ipp = pid.repetition(3, kind_at=5, kind="PI")
    if not pid.text(3, ipp):
        raise Malformed("PID-3", "no identifier of type PI")
    ins, since = read_ins(pid)
    used = pid.repetition(5, kind_at=7, kind="D")
    zfd = Fields.of(message, "ZFD")
    return MessageIdentity(
        ipp=pid.text(3, ipp),
        ipp_authority=pid.text(3, ipp, 4, 2) or pid.text(3, ipp, 4),
        traits=read_traits(pid),
        ins=ins,
        ins_since=since,
        used_name=pid.text(5, used, 1),
        used_first_name=pid.text(5, used, 2),
        reliability=read_reliability(pid),
        zfd=read_zfd(zfd) if zfd else None,
    )


def read_traits(pid: Fields) -> IdentityTraits:
    """The strict traits: PID-5 of type L, PID-7, PID-8, and the COG of the PID-11 of type BDL."""
    legal = pid.repetition(5, kind_at=7, kind="L")
    if legal is None:
        raise Malformed("PID-5", "no name of type L")
    listed = tuple(name for name in re.split(r"[ ,]+", pid.text(5, legal, 3)) if name)
    birth = pid.repetition(11, kind_at=7, kind="BDL")
    return IdentityTraits(
        birth_name=pid.text(5, legal, 1),
        first_names=listed or tuple(name for name in (pid.text(5, legal, 2),) if name),
        sex=_SEXES.get(pid.text(8), "I"),
        birth_date=read_date("PID-7", pid.text(7)),
        birth_place=pid.text(11, birth, 9),
    )


def read_ins(pid: Fields) -> tuple[Ins | None, str]:
    """The INS of the PID-3 of type INS and since when; (None, "") when there is none."""
    place = pid.repetition(3, kind_at=5, kind="INS")
    if place is None:
        return None, ""
    matricule, oid = pid.text(3, place), pid.text(3, place, 4, 2)
    if len(matricule) != 15 or not oid:
        raise Malformed("PID-3", "an INS has 15 characters and the OID of its authority")
    return Ins(matricule, oid), read_date("PID-3.7", pid.text(3, place, 7))


def read_reliability(pid: Fields) -> tuple[str, ...]:
    """The codes of PID-32, in their order."""
    codes = (pid.text(32, place) for place in range(1, pid.count(32) + 1))
    return tuple(code for code in codes if code)


def read_zfd(zfd: Fields) -> Zfd:
    """The segment ZFD."""
    method = zfd.text(5)
    if method and method not in set(Channel):
        raise Malformed("ZFD-5", f"{method!r} is no method of collection")
    lunar = (zfd.text(1, 1, part) for part in range(1, 4))
    return Zfd(
        lunar_date=tuple(part for part in lunar if part),
        weeks_of_pregnancy=zfd.text(2),
        sms_consent=zfd.text(3),
        is_date_corrected=zfd.text(4) == "Y",
        method=Channel(method) if method else None,
        insi_called_on=read_date("ZFD-6", zfd.text(6)),
        evidence=zfd.text(7),
        evidence_expires_on=read_date("ZFD-8", zfd.text(8)),
    )


def read_date(where: str, text: str) -> str:
    """``19790328`` -> ``1979-03-28``; a time after it is left out; "" stays."""
    if not text:
        return ""
    if not _DATE.match(text):
        raise Malformed(where, f"not of the form YYYYMMDD: {text!r}")
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"


# What the fields say together.


@received.rule(errors.MATRICULE_KEPT_IN, source="guide INS, EXI ID 29, second-hand; RNIV")
def a_matricule_comes_with_a_qualified_identity(said: MessageIdentity) -> Iterator[Finding]:
    if said.ins is not None and said.status is not IdentityStatus.QUALIFIED:
        codes = " ".join(said.reliability)
        yield Finding(said.ipp, "PID-32", codes, "VALI, or no PID-3 of type INS")


@received.rule(errors.MATRICULE_KEPT_IN, source="RNIV: qualified carries an INS")
def a_qualified_identity_comes_with_its_matricule(said: MessageIdentity) -> Iterator[Finding]:
    if said.ins is None and "QUAL" in said.reliability:
        yield Finding(said.ipp, "PID-3", "", "a repetition of type INS")


@received.rule(errors.CODES_CONTRADICT, source="EXI ID 24 and 26, second-hand; INS guide")
def a_doubtful_or_fictitious_identity_is_not_validated(said: MessageIdentity) -> Iterator[Finding]:
    codes = set(said.reliability)
    if codes & {"DOUT", "FICT"} and codes & {"VALI", "RECUP", "QUAL"}:
        yield Finding(said.ipp, "PID-32", " ".join(said.reliability), "PROV")
    if {"DOUT", "FICT"} <= codes:
        yield Finding(said.ipp, "PID-32", " ".join(said.reliability), "DOUT or FICT")


@received.rule(errors.CODE_UNKNOWN, source="INS guide, table 0445")
def each_code_is_of_table_0445(said: MessageIdentity) -> Iterator[Finding]:
    for code in said.reliability:
        if code not in RELIABILITY:
            yield Finding(said.ipp, "PID-32", code, "a code of table 0445")


# The library, at arm's length.


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one segment as texts, unescaped; "" for whatever is absent."""

    segment: hl7.Segment

    @classmethod
    def of(cls, message: hl7.Message, name: str) -> Fields | None:
        """The first segment of a name."""
        found = [segment for segment in message if str(segment[0]) == name]
        return cls(found[0]) if found else None

    def count(self, field: int) -> int:
        """How many repetitions a field has."""
        return len(self.segment(field)) if field < len(self.segment) else 0

    def text(
        self, field: int, repetition: int | None = 1, component: int = 1, part: int = 1
    ) -> str:
        """A component of a field; ``repetition`` None is one that was not found."""
        if repetition is None:
            return ""
        try:
            found = self.segment.extract_field(1, field, repetition, component, part)
        except IndexError:
            return ""
        except ValueError as error:  # an escape of what is no number
            raise Malformed(f"{self.segment[0]}-{field}", str(error)) from error
        return str(found).strip()

    def repetition(self, field: int, *, kind_at: int, kind: str) -> int | None:
        """The first repetition whose component at ``kind_at`` is ``kind``."""
        for place in range(1, self.count(field) + 1):
            if self.text(field, place, kind_at) == kind:
                return place
        return None


def _parsed(text: str) -> hl7.Message:
    if len(text) > SIZE_AT_MOST:
        raise Malformed("message", f"more than {SIZE_AT_MOST} characters")
    lines = [line.strip() for line in _SEGMENT_ENDS.split(text) if line.strip()]
    if not lines or not lines[0].startswith("MSH|^~\\&|"):
        raise Malformed("MSH", "an HL7 v2 message starts with MSH|^~\\&|")
    try:
        return hl7.parse("\r".join(lines))
    except (hl7.HL7Exception, IndexError, ValueError) as error:
        raise Malformed("message", str(error)) from error
