"""Kit, datamatrix: the text both ways, the picture both ways, and what is refused."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from ppf.datamatrix import DataMatrix

from kit.datamatrix import (
    GS,
    HEADER,
    MAX_TEXT,
    InsDatamatrix,
    content,
    read_png,
    read_text,
    write_png,
    write_text,
)
from kit.identity import NIR_OID, TEST_OID, IdentityStatus, IdentityTraits, Ins
from kit.rules import Malformed, Refused
from kit.world import World

QUALIFIED = IdentityStatus.QUALIFIED
# The unit test of a barcode library, GS where it prints a blank; its key is wrong.
VECTOR = (
    f"{HEADER}S1118058599124123S21.2.250.1.213.1.4.8{GS}S3FIRST NAMETEST{GS}S5MS618-06-1985"
    "S713201S4LASTNAMETEST"
)


def a_datamatrix(**changes: object) -> InsDatamatrix:
    usual = InsDatamatrix(
        Ins.of("1850613201412", NIR_OID), "JEAN MARIE", "D'ARTAGNAN", "M", "1985-06-18", "13201"
    )
    return replace(usual, **changes)


# The text.


def test_the_published_vector_is_read_as_it_is() -> None:
    found = read_text(VECTOR)
    assert found == InsDatamatrix(
        Ins("118058599124123", NIR_OID),
        "FIRST NAMETEST",
        "LASTNAMETEST",
        "M",
        "1985-06-18",
        "13201",
    )
    told = content.findings(found)
    assert [(item.rule, item.seen) for item in told] == [
        ("the_matricule_has_its_key", "118058599124123")
    ]


WRITTEN = [  # what differs, the text behind the header
    (
        {},
        f"S1185061320141249S21.2.250.1.213.1.4.8{GS}S3JEAN MARIE{GS}S4D'ARTAGNAN{GS}"
        "S5MS618-06-1985S713201",
    ),
    (
        {"ins": Ins.of("1850613201412", TEST_OID), "birth_place": ""},
        f"S1185061320141249S21.2.250.1.213.1.4.10S3JEAN MARIE{GS}S4D'ARTAGNAN{GS}S5MS618-06-1985",
    ),
    (
        {"first_names": "A" * 100},
        f"S1185061320141249S21.2.250.1.213.1.4.8{GS}S3{'A' * 100}S4D'ARTAGNAN{GS}"
        "S5MS618-06-1985S713201",
    ),
]


@pytest.mark.parametrize(("changes", "text"), WRITTEN)
def test_the_text_is_written_and_read(changes, text) -> None:
    found = a_datamatrix(**changes)
    assert write_text(found, QUALIFIED) == HEADER + text
    assert read_text(HEADER + text) == found


def blocks(found: InsDatamatrix) -> dict[str, str]:
    day = "-".join(reversed(found.birth_date.split("-")))
    return {
        "S1": found.ins.matricule,
        "S2": found.ins.oid + (GS if len(found.ins.oid) < 20 else ""),
        "S3": found.first_names + GS,
        "S4": found.birth_name + GS,
        "S5": found.sex,
        "S6": day,
        "S7": found.birth_place,
    }


def test_blocks_may_come_in_any_order() -> None:
    draw, found = random.Random(7), a_datamatrix()
    for _ in range(100):
        order = draw.sample(list(blocks(found).items()), 7)
        text = HEADER + "".join(name + value for name, value in order)
        assert read_text(text.removesuffix(GS)) == found


def test_people_of_the_country_are_written_and_read() -> None:
    world = World()
    for index in range(0, world.population, world.population // 150):
        person = world.patient(index)
        found = InsDatamatrix.of(person.ins, person.traits)
        if not content.findings(found):
            assert read_text(write_text(found, QUALIFIED)) == found


def test_a_lunar_birth_date_is_written_completed() -> None:
    person = next(
        found
        for found in World().find_patients("1955-12-31", "F")
        if found.traits.birth_date == "1955-00-00"
    )
    found = InsDatamatrix.of(person.ins, person.traits)
    assert read_text(write_text(found, QUALIFIED)).birth_date == "1955-12-31"


@pytest.mark.parametrize("status", [item for item in IdentityStatus if item is not QUALIFIED])
def test_only_a_qualified_identity_is_printed(status: IdentityStatus) -> None:
    with pytest.raises(Refused) as error:
        write_text(a_datamatrix(), status)
    assert error.value.refusals[0].rule == "only_a_qualified_identity_is_printed"


REFUSED = [  # what is changed, the rule, the block
    ({"ins": Ins("185061320141230", NIR_OID)}, "the_matricule_has_its_key", "S1"),
    ({"ins": Ins("x", NIR_OID)}, "the_matricule_has_its_key", "S1"),
    ({"ins": Ins.of("1850613201412", "1.2.3")}, "the_oid_is_one_of_an_ins", "S2"),
    ({"first_names": ""}, "the_names_are_those_of_insi", "S3"),
    ({"first_names": "Jean"}, "the_names_are_those_of_insi", "S3"),
    ({"first_names": "A" * 101}, "the_names_are_those_of_insi", "S3"),
    ({"first_names": f"A{GS}S4B"}, "the_names_are_those_of_insi", "S3"),
    ({"sex": "I"}, "the_sex_is_known", "S5"),
    ({"sex": ""}, "the_sex_is_known", "S5"),
    ({"birth_date": "1985-02-30"}, "the_birth_date_is_a_day", "S6"),
    ({"birth_date": ""}, "the_birth_date_is_a_day", "S6"),
    ({"birth_place": "1320"}, "the_birth_place_is_a_cog", "S7"),
]


@pytest.mark.parametrize(("changes", "rule", "block"), REFUSED)
def test_what_is_wrong_is_not_written(changes, rule, block) -> None:
    with pytest.raises(Refused) as error:
        write_text(a_datamatrix(**changes), QUALIFIED)
    assert [(item.rule, item.field[:2]) for item in error.value.refusals] == [(rule, block)]


RIGHT = write_text(a_datamatrix(), QUALIFIED)
MALFORMED = [  # text, the block that is named
    ("", "header"),
    ("IS02" + RIGHT[4:], "header"),
    (HEADER, "S1"),
    (RIGHT[:30], "S1"),
    (RIGHT.replace("S5M", ""), "S5"),
    (RIGHT + "S5M", "S5"),
    (RIGHT + "S9x", "character"),
    (RIGHT + " ", "character"),
    (RIGHT.replace(f"4.8{GS}", "4.8"), "S2"),
    (RIGHT.replace(f"MARIE{GS}", "MARIE"), "S3"),
    (RIGHT.replace(f"ARTAGNAN{GS}", "ARTAGNAN"), "S4"),
    (RIGHT.replace("141249S2", f"141249{GS}S2"), "S1"),
    (RIGHT.replace("S5M", f"S5M{GS}"), "S5"),
    (RIGHT.replace("18-06-1985", "1985-06-18"), "S6"),
    (RIGHT.replace("18-06-1985", "1٨-06-1985"), "S6"),
    (RIGHT.replace("S713201", "S7132"), "S7"),
    (RIGHT.replace("JEAN MARIE", "JEAN2"), "S3"),
    (RIGHT.replace("JEAN MARIE", ""), "S3"),
    (RIGHT.replace("JEAN MARIE", "A" * 101), "S3"),
    (RIGHT.replace("JEAN MARIE", "A" * 100), "S3"),
    (RIGHT[: -len("S713201")].replace("S5MS618-06-1985", "") + "S618-06-1985S5M" + GS, "S5"),
    (RIGHT + "x" * MAX_TEXT, "datamatrix"),
]


@pytest.mark.parametrize(("text", "block"), MALFORMED)
def test_a_wrong_text_names_its_block(text: str, block: str) -> None:
    with pytest.raises(Malformed) as error:
        read_text(text)
    assert error.value.where.startswith(block)


def test_a_separator_after_the_last_block_is_told() -> None:
    order = [item for item in blocks(a_datamatrix()).items() if item[0] != "S4"]
    text = HEADER + "".join(name + value for name, value in order) + "S4D'ARTAGNAN"
    assert read_text(text) == a_datamatrix()
    with pytest.raises(Malformed, match=r"S4 birth name.*after the last block"):
        read_text(text + GS)


def test_any_text_is_read_or_malformed() -> None:
    draw, letters = random.Random(5), f"S1234567{GS}AZ-' .é\0"
    for _ in range(3000):
        at, until = sorted(draw.sample(range(len(RIGHT)), 2))
        middle = "".join(draw.choices(letters, k=draw.randrange(5)))
        try:
            found = read_text(RIGHT[:at] + middle + RIGHT[until:])
        except Malformed:
            continue
        assert content.findings(found) or read_text(write_text(found, QUALIFIED)) == found


# The picture.


def picture_of(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def pixels_of(png: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(png)).convert("L"))


@pytest.mark.parametrize("text", [RIGHT, VECTOR])
def test_the_picture_is_written_and_read(text: str) -> None:
    png = write_png(text)
    assert png.startswith(b"\x89PNG")
    height, width = pixels_of(png).shape
    assert height == width
    assert read_png(png) == text


def test_the_longest_text_fits_a_picture() -> None:
    found = a_datamatrix(first_names="A" * 99, birth_name="B" * 99)
    text = write_text(found, QUALIFIED)
    assert read_png(write_png(text, module_pixels=3)) == text


def on_a_page(png: bytes) -> Iterator[tuple[str, bytes]]:
    symbol = pixels_of(png)
    page = np.full((900, 700), 255, dtype=np.uint8)
    page[100 : 100 + symbol.shape[0], 60 : 60 + symbol.shape[1]] = symbol
    page[600:604, 50:650] = 0
    yield "page", picture_of(page)
    yield "upside down", picture_of(np.rot90(page, 2).copy())
    yield "JPEG", picture_of(page, "JPEG")
    yield (
        "noise",
        picture_of(
            np.clip(page + np.random.default_rng(1).normal(0, 25, page.shape), 0, 255).astype(
                np.uint8
            )
        ),
    )
    transparent = np.dstack([np.zeros_like(page)] * 3 + [255 - page])
    yield "transparent", picture_of(transparent)
    yield "colours", picture_of(np.dstack([page, page, np.full_like(page, 255)]))


@pytest.mark.parametrize("number", range(6))
def test_a_scanned_page_is_read(number: int) -> None:
    name, picture = list(on_a_page(write_png(RIGHT)))[number]
    assert read_png(picture) == RIGHT, name


def test_another_symbol_beside_ours_is_left() -> None:
    other = pixels_of(write_png("SOMETHING ELSE"))
    page = np.full((700, 700), 255, dtype=np.uint8)
    ours = pixels_of(write_png(RIGHT))
    page[20 : 20 + ours.shape[0], 20 : 20 + ours.shape[1]] = ours
    page[500 : 500 + other.shape[0], 500 : 500 + other.shape[1]] = other
    assert read_png(picture_of(page)) == RIGHT
    second = pixels_of(write_png(VECTOR))
    page[400 : 400 + second.shape[0], 20 : 20 + second.shape[1]] = second
    with pytest.raises(Malformed, match="2 different INS"):
        read_png(picture_of(page))


def a_bomb() -> bytes:
    """A few bytes that say they are 60,000 by 60,000 pixels."""
    small = bytearray(picture_of(np.full((8, 8), 255, dtype=np.uint8)))
    small[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(small)


NO_PICTURES = [
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a" + b"\0" * 100,
    b"%PDF-1.7",
    write_png(RIGHT)[:200],
    picture_of(np.full((50, 50), 255, dtype=np.uint8)),
    write_png("SOMETHING ELSE"),
    a_bomb(),
    b"x" * (20 * 1024 * 1024 + 1),
]


@pytest.mark.parametrize("data", NO_PICTURES, ids=range(len(NO_PICTURES)))
def test_what_holds_no_ins_is_malformed(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Malformed) as error:
            read_png(data)
    assert error.value.where == "picture"


def test_a_datamatrix_of_another_maker_is_read() -> None:
    """An outside judge: an encoder that shares nothing with the one we use."""
    modules = np.array(DataMatrix(VECTOR, codecs=["ascii"]).matrix, dtype=np.uint8)
    pixels = np.pad((1 - modules) * 255, 2, constant_values=255).astype(np.uint8)
    picture = picture_of(pixels.repeat(5, axis=0).repeat(5, axis=1))
    assert read_text(read_png(picture)) == read_text(VECTOR)


def test_a_person_makes_a_datamatrix() -> None:
    traits = IdentityTraits("DUPONT", ("ANNE", "MARIE"), "F", "1990-01-02", "75056")
    found = InsDatamatrix.of(Ins.of("2900175056001", TEST_OID), traits)
    assert (found.first_names, found.birth_place) == ("ANNE MARIE", "75056")
