"""Kit, datamatrix: the INS datamatrix of ANS: its text and its picture, both ways.

The text is a header and blocks, read one after the other by their identifiers; a name may hold
any letter, so no block is ever searched for. Not here: the INS itself (identity), the clear text
and the words printed beside the picture (documents). Source: INS datamatrix, format v2.2.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import zxingcpp
from PIL import Image

from kit.identity import (
    INS_OIDS,
    IdentityStatus,
    IdentityTraits,
    Ins,
    completed_date,
    is_cog,
    is_insi_birth_name,
    is_insi_first_name,
    is_insi_sex,
)
from kit.rules import Code, Finding, Malformed, RuleBook

HEADER = "IS01" + "0" * 22
_DATAMATRIX = zxingcpp.barcode_formats_from_str("DataMatrix")
GS = "\x1d"  # group separator, after a field shorter than its most
MAX_TEXT = 512  # the longest right text has 302 characters
MAX_IMAGE_BYTES = 20 * 1024 * 1024
MAX_IMAGE_PIXELS = 40_000_000  # a page of A4 scanned at 600 dots an inch
QUIET_ZONE = 2  # modules on each side; the norm wants one
_S65 = "INS datamatrix"


@dataclass(frozen=True, slots=True)
class _Field:
    """A block: its identifier, what its value looks like, its most characters."""

    id: str
    name: str
    most: int
    is_fixed: bool
    shape: re.Pattern[str]
    expected: str


_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '-])*")
FIELDS = {
    field.id: field
    for field in (
        _Field("S1", "matricule", 15, True, re.compile(r"[0-9A-Z]{15}"), "15 characters"),
        _Field("S2", "OID", 20, False, re.compile(r"[0-9]+(\.[0-9]+)+"), "an OID of 20 at most"),
        _Field("S3", "first names", 100, False, _NAME, "letters, space, hyphen, apostrophe"),
        _Field("S4", "birth name", 100, False, re.compile("'?" + _NAME.pattern), "as S3"),
        _Field("S5", "sex", 1, True, re.compile(r"[A-Z]"), "M or F"),
        _Field("S6", "birth date", 10, True, re.compile(r"\d\d-\d\d-\d{4}", re.ASCII),
               "DD-MM-YYYY"),
        _Field("S7", "birth place", 5, True, re.compile(r"[0-9AB]{5}"), "a COG of 5 characters"),
    )
}  # fmt: skip
OPTIONAL = frozenset({"S7"})


@dataclass(frozen=True, slots=True)
class InsDatamatrix:
    """What an INS datamatrix says. birth_place: "" when the block is absent.

    first_names: the list as one text, since blanks inside and between names look alike.
    """

    ins: Ins
    first_names: str
    birth_name: str
    sex: str
    birth_date: str
    birth_place: str = ""

    @classmethod
    def of(cls, ins: Ins, traits: IdentityTraits) -> InsDatamatrix:
        """The datamatrix of a person; a lunar date is completed, which is unconfirmed here."""
        return cls(
            ins,
            " ".join(traits.first_names),
            traits.birth_name,
            traits.sex,
            completed_date(traits.birth_date),
            traits.birth_place,
        )


# What it may say.

INVALID = Code("INS-DATAMATRIX", "Le datamatrix INS n'est pas conforme", _S65, confirmed=False)
content, printing = RuleBook("INS datamatrix"), RuleBook("INS datamatrix, printing")


@printing.rule(INVALID, source="INS datamatrix, EXI DIF 02")
def only_a_qualified_identity_is_printed(
    found: InsDatamatrix, status: IdentityStatus
) -> Iterator[Finding]:
    if status is not IdentityStatus.QUALIFIED:
        yield Finding(found.ins.matricule, "status", status.value, IdentityStatus.QUALIFIED.value)


@content.rule(INVALID, source="INS guide; INS datamatrix")
def the_matricule_has_its_key(found: InsDatamatrix) -> Iterator[Finding]:
    if not found.ins.has_valid_key:
        yield _seen(found, "S1", found.ins.matricule, "13 characters and their key")


@content.rule(INVALID, source="INS guide")
def the_oid_is_one_of_an_ins(found: InsDatamatrix) -> Iterator[Finding]:
    if found.ins.oid not in INS_OIDS:
        yield _seen(found, "S2", found.ins.oid, " or ".join(INS_OIDS))


@content.rule(INVALID, source="RNIV; INS datamatrix")
def the_names_are_those_of_insi(found: InsDatamatrix) -> Iterator[Finding]:
    if not is_insi_first_name(found.first_names) or len(found.first_names) > FIELDS["S3"].most:
        yield _seen(found, "S3", found.first_names, "1 to 100 of A-Z, space, hyphen, apostrophe")
    if not is_insi_birth_name(found.birth_name) or len(found.birth_name) > FIELDS["S4"].most:
        yield _seen(found, "S4", found.birth_name, "1 to 100 of A-Z, space, hyphen, apostrophe")


@content.rule(INVALID, source=_S65)
def the_sex_is_known(found: InsDatamatrix) -> Iterator[Finding]:
    if not is_insi_sex(found.sex):
        yield _seen(found, "S5", found.sex, "M or F")


@content.rule(INVALID, source=_S65)
def the_birth_date_is_a_day(found: InsDatamatrix) -> Iterator[Finding]:
    try:
        date.fromisoformat(found.birth_date)
    except ValueError:
        yield _seen(found, "S6", found.birth_date, "a day that exists, YYYY-MM-DD")


@content.rule(INVALID, source=_S65)
def the_birth_place_is_a_cog(found: InsDatamatrix) -> Iterator[Finding]:
    if found.birth_place and not is_cog(found.birth_place):
        yield _seen(found, "S7", found.birth_place, "a COG, or no block S7")


def _seen(found: InsDatamatrix, block: str, seen: str, expected: str) -> Finding:
    return Finding(found.ins.matricule, f"{block} {FIELDS[block].name}", seen, expected)


# The text.


def write_text(found: InsDatamatrix, status: IdentityStatus) -> str:
    """The text to encode, blocks in the order of their identifiers.

    Raises Refused: a text that is not right, or of an identity that is not qualified, is not made.
    """
    printing.check(found, status)
    content.check(found)
    year, month, day = found.birth_date.split("-")
    values = {
        "S1": found.ins.matricule,
        "S2": found.ins.oid,
        "S3": found.first_names,
        "S4": found.birth_name,
        "S5": found.sex,
        "S6": f"{day}-{month}-{year}",
        "S7": found.birth_place,
    }
    return HEADER + "".join(
        name + value + (GS if len(value) < FIELDS[name].most else "")  # a fixed field is full
        for name, value in values.items()
        if value
    )


def read_text(text: str) -> InsDatamatrix:
    """Read the text of a datamatrix, its blocks in any order.

    Raises Malformed naming the block; ``content`` judges what could be read.
    """
    if len(text) > MAX_TEXT:
        raise Malformed("datamatrix", f"{len(text)} characters, at most {MAX_TEXT} are read")
    if not text.startswith(HEADER):
        raise Malformed("header", f"{text[: len(HEADER)]!r}, expected {HEADER!r}")
    values = dict(_blocks(text))
    missing = [name for name in FIELDS if name not in values and name not in OPTIONAL]
    if missing:
        raise Malformed(_title(missing[0]), "this block is missing")
    day, month, year = values["S6"].split("-")
    return InsDatamatrix(
        Ins(values["S1"], values["S2"]),
        values["S3"],
        values["S4"],
        values["S5"],
        f"{year}-{month}-{day}",
        values.get("S7", ""),
    )


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    position, known = len(HEADER), set()
    while position < len(text):
        field = FIELDS.get(text[position : position + 2])
        if field is None:
            seen = text[position : position + 2]
            raise Malformed(f"character {position + 1}", f"{seen!r} begins no block")
        if field.id in known:
            raise Malformed(_title(field.id), "this block is there twice")
        known.add(field.id)
        value, position = _value(text, position + 2, field)
        if not field.shape.fullmatch(value):
            hint = "" if field.is_fixed else ": is a separator (GS) missing?"
            raise Malformed(_title(field.id), f"{value!r}, expected {field.expected}{hint}")
        yield field.id, value


def _value(text: str, start: int, field: _Field) -> tuple[str, int]:
    """A block's value, and where the next block begins."""
    end = start + field.most
    if field.is_fixed:
        if GS in text[start:end] or text[end : end + 1] == GS:
            raise Malformed(
                _title(field.id), "a separator (GS) in or after a field of fixed length"
            )
        return text[start:end], end
    separator = text.find(GS, start, end + 1)
    if separator == end:
        raise Malformed(_title(field.id), f"a separator (GS) after {field.most} characters")
    if separator == len(text) - 1:
        raise Malformed(_title(field.id), "a separator (GS) after the last block")
    if separator < 0:
        if end < len(text) and text[end : end + 2] not in FIELDS:
            why = f"longer than {field.most} characters, or its separator (GS) is missing"
            raise Malformed(_title(field.id), why)
        return text[start:end], end
    return text[start:separator], separator + 1


def _title(block: str) -> str:
    return f"{block} {FIELDS[block].name}"


# The picture.


def write_png(text: str, *, module_pixels: int = 6) -> bytes:
    """A square ECC200 symbol as PNG, black on white. module_pixels: side of one module."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.DataMatrix, force_square=True)
    modules = np.array(symbol.to_image(scale=1, add_quiet_zones=False))
    framed = np.pad(modules, QUIET_ZONE, constant_values=255)
    pixels = framed.repeat(module_pixels, axis=0).repeat(module_pixels, axis=1)
    out = io.BytesIO()
    Image.fromarray(pixels).convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()


def read_png(data: bytes) -> str:
    """The text of the INS datamatrix in a picture, PNG or JPEG; other symbols beside it are left.

    Raises Malformed: no picture, too large, no datamatrix of an INS or several different ones.
    """
    pixels = _pixels(data)
    found = zxingcpp.read_barcodes(pixels, formats=_DATAMATRIX)
    texts = {symbol.bytes.decode("latin-1") for symbol in found}
    ours = sorted(text for text in texts if text.startswith("IS"))
    if not ours:
        why = "it holds another datamatrix" if texts else "no datamatrix can be seen in it"
        raise Malformed("picture", why)
    if len(ours) > 1:
        raise Malformed("picture", f"{len(ours)} different INS datamatrix: whose is it?")
    return ours[0]


def _pixels(data: bytes) -> np.ndarray:
    if len(data) > MAX_IMAGE_BYTES:
        raise Malformed("picture", f"{len(data)} bytes, at most {MAX_IMAGE_BYTES} are read")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MAX_IMAGE_PIXELS:
                raise Malformed("picture", f"{picture.width} x {picture.height} pixels: too many")
            return np.array(_on_white(picture).convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Malformed("picture", f"not a PNG or JPEG that can be read: {error}") from None


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture
    seen = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
