"""Documents read back with lxml: would a doctor believe them? Many seeds of every kind.

Ages, sexes, dates, who signs, where; what one reads against what the header says; variety.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from io import BytesIO

import pytest
from lxml import etree
from pypdf import PdfReader

from kit.identity import PROFESSIONAL_OID, STRUCTURE_OID
from kit.world import Establishment
from simulator.documents import KINDS
from simulator.documents.facts import age_on
from simulator.documents.signatories import OPERATORS, SIGNED_BY
from simulator.sample import Wish, draw_document, draw_stay
from tests.simulator.stays import world
from tests.simulator.test_documents import pdf_of

H = {"h": "urn:hl7-org:v3"}
SEEDS = range(20)
HOSPITAL_KINDS = [kind.name for kind in KINDS.values() if not kind.is_from_town]
VARIETY_SEEDS = 200
CCAM, CIM_10 = "1.2.250.1.215.300.1", "2.16.840.1.113883.6.3"
pytestmark = pytest.mark.slow
AGED = re.compile(r"\b(Patiente?|Personne) de (moins d'un an|un an|\d+ ans)")
TIME = re.compile(r"\d{8}(\d{6}[+-]\d{4})?")
FUTURE = ("substanceAdministration", "encounter")  # a treatment goes on, a visit is planned

# Word -> the sex that cannot have it. Family histories and general notices are not looked at.
OF_ONE_SEX = {
    "M": ("utérus", "grossesse", "césarienne", "accouch", "ménorragie", "règles abondantes"),
    "F": ("prostat",),
}
NOT_ASKED = "grossesse : sans objet"  # of every imaging report with rays
ADULT_WORDS = ("prothèse totale", "arthroplastie", "coronarographie", "arthrose", "ménopaus")
NOT_FOR_CHILDREN = ("Paracétamol 1 g", "Tramadol", "Oxycodone", "Kétoprofène", "Ofloxacine 200")
AFTER_LEAVING, NONE = {"ORD": timedelta(hours=3)}, timedelta()  # a prescription of the exit
TOO_YOUNG, TOO_OLD = 14, 50  # years, of somebody who gives birth


@dataclass(frozen=True)
class Read:
    """A document as a stranger reads it."""

    kind: str
    seed: int
    root: etree._Element
    words: str  # of the body

    def all(self, path: str) -> list[str]:
        return [str(found) for found in self.root.xpath(path, namespaces=H)]

    def one(self, path: str) -> str:
        (found,) = self.all(path)
        return found

    @property
    def name(self) -> str:
        return f"{self.kind}, seed {self.seed}"

    @property
    def sex(self) -> str:
        return self.one("//h:patient/h:administrativeGenderCode/@code")

    @property
    def birth_date(self) -> str:
        born = self.one("//h:patient/h:birthTime/@value")
        return f"{born[:4]}-{born[4:6]}-{born[6:8]}"

    @property
    def came(self) -> date:
        low = self.one("//h:encompassingEncounter/h:effectiveTime/h:low/@value")
        return day_of(low)

    @property
    def age(self) -> int:
        return age_on(self.birth_date, self.came)


def day_of(value: str) -> date:
    return date(int(value[:4]), int(value[4:6]), int(value[6:8]))


def instant(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%d%H%M%S%z")


@cache
def read(kind: str, seed: int) -> Read:
    document = draw_document(Wish(kind, seed), world())
    root = etree.fromstring(document.cda)
    if KINDS[kind].level == "N1":
        pages = PdfReader(BytesIO(pdf_of(document))).pages
        words = " ".join(page.extract_text() for page in pages)
        words = words.split("Information du patient")[0]
    else:
        family = root.xpath("//h:section[h:code/@code='10157-6']", namespaces=H)
        for section in family:
            section.find("h:text", H).clear()
        words = " ".join(root.xpath("//h:structuredBody//text()", namespaces=H))
    return Read(kind, seed, root, " ".join(words.split()))


def reads() -> Iterator[Read]:
    return (read(kind, seed) for kind in KINDS for seed in SEEDS)


def test_nothing_happens_to_somebody_of_the_other_sex() -> None:
    for found in (found for found in reads() if found.age):  # a newborn's birth may be told
        words = found.words.lower().replace(NOT_ASKED, "")
        wrong = [word for word in OF_ONE_SEX.get(found.sex, ()) if word in words]
        assert not wrong, (found.name, found.sex, wrong)


def test_births_are_given_at_an_age_that_gives_birth() -> None:
    births = 0
    for seed in range(250):
        if draw_stay(Wish("LDL", seed), world()).case.diagnosis.code.startswith("O8"):
            found = read("LDL", seed)
            assert found.sex == "F"
            assert TOO_YOUNG < found.age < TOO_OLD, found.name
            births += 1
    assert births >= 3


def test_children_have_no_illness_and_no_drug_of_an_adult() -> None:
    children = [found for found in reads() if found.age < 12]
    assert len(children) >= 6
    for found in children:
        words = found.words
        assert not [word for word in ADULT_WORDS if word in words.lower()], found.name
        assert not [drug for drug in NOT_FOR_CHILDREN if drug in words], found.name


def test_newborns_are_in_a_ward_for_them() -> None:
    for found in reads():
        name = found.one("//h:healthCareFacility/h:location/h:name/text()")
        if name.startswith("Néonatalogie"):
            assert found.age == 0, found.name
        if name.startswith("Pédiatrie"):
            assert found.age < 18, found.name
        if name.startswith("Gériatrie"):
            assert found.age >= 70, found.name


def test_everything_is_between_birth_and_the_day_of_writing() -> None:
    for found in reads():
        written = instant(found.one("/*/h:effectiveTime/@value"))
        born = found.birth_date.replace("-", "")
        for element in found.root.iter("{*}time", "{*}effectiveTime", "{*}low", "{*}high"):
            value = element.get("value", "")
            if not TIME.fullmatch(value) or _may_be_later(found.kind, element):
                continue
            assert born <= value[:8], (found.name, value)
            if len(value) > 8:
                assert instant(value) <= written, (found.name, element.getparent().tag, value)
            else:
                assert value <= written.strftime("%Y%m%d"), (found.name, value)


def _may_be_later(kind: str, element: etree._Element) -> bool:
    """Whether it belongs to a plan: the end of a treatment, a demand, how long one is valid."""
    above = [element, *element.iterancestors()]
    if kind == "ORD" and any(etree.QName(item).localname == "serviceEvent" for item in above):
        return True
    return any(
        etree.QName(item).localname in FUTURE or item.get("moodCode") in ("INT", "RQO")
        for item in above
    )


def test_what_is_reported_lies_within_the_stay_and_before_the_report() -> None:
    for found in reads():
        low = instant(found.one("//h:encompassingEncounter/h:effectiveTime/h:low/@value"))
        event = "(//h:documentationOf/h:serviceEvent)[1]/h:effectiveTime"
        began = instant(found.one(f"{event}/h:low/@value"))
        assert low <= began, found.name
        for high in found.all("//h:encompassingEncounter/h:effectiveTime/h:high/@value"):
            assert low <= instant(high)
            assert began <= instant(high) + AFTER_LEAVING.get(found.kind, NONE), found.name
        written = found.one("/*/h:effectiveTime/@value")
        assert {written} == set(found.all("/*/h:author/h:time/@value"))
        assert {written} == set(found.all("/*/h:legalAuthenticator/h:time/@value"))


@pytest.mark.parametrize("kind", KINDS)
def test_who_signs_has_the_specialty_that_signs_it(kind: str) -> None:
    for seed in SEEDS:
        found = read(kind, seed)
        signed = found.all("/*/h:author//h:assignedAuthor/h:code/@code")
        signed += found.all("/*/h:legalAuthenticator//h:assignedEntity/h:code/@code")
        if kind == "CRO":
            act = found.one("//h:serviceEvent/h:code/@code")
            wanted = OPERATORS.get(act[:2]) or OPERATORS[act[:1]]
        else:
            wanted = SIGNED_BY.get(kind, ())
        specialties = {code.rpartition("/")[2] for code in signed}
        assert not wanted or specialties <= set(wanted), (found.name, specialties)
        assert all(code.startswith("G15_10/") for code in signed), found.name


@pytest.mark.parametrize("kind", HOSPITAL_KINDS)
def test_the_place_is_one_establishment_and_the_doctors_work_there(kind: str) -> None:
    for seed in SEEDS:
        found = read(kind, seed)
        (number,) = set(found.all(f"//h:id[@root='{STRUCTURE_OID}']/@extension"))
        place = world().establishment(number[1:])
        assert isinstance(place, Establishment)
        sector = found.one("//h:healthCareFacility/h:code/@code")
        assert sector == place.sector, found.name
        assert set(found.all("//h:assignedAuthor//h:representedOrganization/h:name/text()")) == {
            place.name
        }
        staff = {"8" + who.rpps for who in world().professionals(place.finess_eg)}
        path = f"/*/h:author//h:id[@root='{PROFESSIONAL_OID}']/@extension"
        assert set(found.all(path)) <= staff
        units = {unit.name for unit in place.units}
        assert found.one("//h:healthCareFacility/h:location/h:name/text()") in units


def test_what_one_reads_says_what_the_header_says() -> None:
    aged = 0
    for found in reads():
        for noun, told in AGED.findall(found.words):
            aged += 1
            assert noun == {"M": "Patient", "F": "Patiente"}.get(found.sex, "Personne"), found.name
            years = {"moins d'un an": 0, "un an": 1}.get(told)
            assert (int(told.split()[0]) if years is None else years) == found.age, found.name
        for told in re.findall(r"Date de naissance : (\S+)", found.words):
            assert told == "/".join(reversed(found.birth_date.split("-"))), found.name
        for told in re.findall(r"Sexe : (\S)", found.words):
            assert told == found.sex, found.name
        for told in re.findall(r"admission(?: en urgence)? le (\d\d/\d\d/\d{4})", found.words):
            assert datetime.strptime(told, "%d/%m/%Y").date() == found.came, found.name
        for told in re.findall(r"FINESS (\w{9})", found.words):
            assert told in found.one("/*/h:custodian//h:id/@extension"), found.name
    assert aged >= 4 * len(SEEDS)


def test_antecedents_do_not_contradict_each_other_or_the_diagnosis() -> None:
    for found in reads():
        words = found.words.lower()
        if "pas d'antécédent chirurgical" in words:
            assert "dans l'enfance" not in words or "appendicectomie" not in words, found.name
            assert "opérée" not in words.split("histoire")[0], found.name
        if "né avant terme" in words or "prématurité" in words:
            assert "naissance à terme sans" not in words, found.name


VARIETY = {  # kind -> least number of diagnoses in 200 documents
    "LDL": 40, "ORD": 40, "CRO": 15, "CRH": 40, "CR_BIO": 40, "CR_IMG": 30, "CR_CONS": 15,
    "CR_URG": 15, "CR_ACP": 8, "VSM": 40,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_seeds_tell_many_stories(kind: str) -> None:
    stays = [draw_stay(Wish(kind, seed), world()) for seed in range(VARIETY_SEEDS)]
    assert len({stay.case for stay in stays}) > VARIETY_SEEDS * 0.95
    assert len({stay.patient.index for stay in stays}) > VARIETY_SEEDS * 0.95
    assert len({read(kind, seed).words for seed in SEEDS}) == len(SEEDS)
    diagnoses = {stay.case.diagnosis.code for stay in stays}
    assert len(diagnoses) >= VARIETY.get(kind, 15), (kind, len(diagnoses))
