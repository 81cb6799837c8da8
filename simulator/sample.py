"""Simulator, sample: a stay drawn so that it can report a kind of document, and the document.

A seed gives the same bytes for ever: what the stay is about is drawn first, then somebody of the
age and sex it happens to, in a ward that sees it. Not here: a hospital at work (encounters),
what a document says (documents).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from kit.identity import IdentityStatus, ins_key, is_matricule
from kit.world import Establishment, Patient, Professional, Unit, World
from kit.world.places import DEPARTMENTS
from simulator.documents import (
    KINDS,
    Admission,
    ClinicalDocument,
    Discharge,
    EncounterMode,
    StayFacts,
    write_document,
)
from simulator.documents.draft import NothingToReport
from simulator.documents.facts import age_on, birthday
from simulator.documents.pathology import specimen_taken
from simulator.documents.pictures import Picture, case_of, pictures
from simulator.documents.signatories import signatory, specialties_of
from simulator.establishments import CONSULTATION, DOCTOR, EMERGENCY, GENERAL_PRACTICE, Ward
from simulator.population import AUDIENCES, USUAL
from simulator.streams import Streams, oid

FIRST_DAY, DAYS = datetime(2025, 7, 1, 6, tzinfo=UTC), 165  # admissions; births end with 2025
TRIES = 40
SHORTEST_MATRICULE = 10**14  # fifteen digits; an index has fewer
YEAR = 365.25  # days
DOCUMENT_ARC, SET_ARC = "13", "14"  # below the OID of the establishment
MODES = {"CR_CONS": EncounterMode.OUTPATIENT, "CR_URG": EncounterMode.EMERGENCY}
DAY_NIGHTS, SHORT_NIGHTS = 0, 2  # most nights in a day unit, in the beds of the emergencies
REPORT_HOURS, PATHOLOGY_HOURS = (1.6, 8.0), (50.0, 210.0)  # from what was done to its report
OLD, LONG = 75, 5  # years, nights: from then on not everybody goes home
ELSEWHERE = (Discharge.REHABILITATION, Discharge.NURSING_HOME, Discharge.HOME)


class CannotDraw(ValueError):
    """No such document can be drawn; says why, for the one who asked."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. establishment: a FINESS number; patient: an index or a matricule."""

    kind: str
    seed: int = 1
    establishment: str | None = None
    patient: int | str | None = None


@dataclass(frozen=True, slots=True)
class _Chance:
    """Something that may happen: what, where, and how many days old one is then."""

    picture: Picture
    place: Establishment
    ward: Ward
    youngest: int
    oldest: int


def draw_document(wish: Wish, world: World) -> ClinicalDocument:
    """A document of the kind, version 1. Raises CannotDraw."""
    for turn in range(TRIES):
        facts, created_at = _drawn(wish, world, turn)
        streams = Streams(wish.seed)
        identifiers = streams.fresh(f"sample/{wish.kind}/{turn}/identifiers")
        root = facts.establishment.oid
        try:
            return write_document(
                wish.kind,
                facts,
                unique_id=oid(identifiers, f"{root}.{DOCUMENT_ARC}"),
                set_id=oid(identifiers, f"{root}.{SET_ARC}"),
                version=1,
                created_at=created_at,
                stream=streams.fresh(f"sample/{wish.kind}/{turn}/text"),
            )
        except NothingToReport:
            continue
    raise CannotDraw(f"no stay found in {TRIES} that a {wish.kind} reports")


def draw_stay(wish: Wish, world: World) -> StayFacts:
    """The first stay drawn for the wish that can report the kind. Raises CannotDraw."""
    for turn in range(TRIES):
        facts, _ = _drawn(wish, world, turn)
        if wish.kind != "ORD" or facts.case.treatments:  # a child may be given none
            return facts
    raise CannotDraw(_why(wish, world))


def _drawn(wish: Wish, world: World, turn: int) -> tuple[StayFacts, datetime]:
    """A stay and the instant its document is validated."""
    if wish.kind not in KINDS:
        raise CannotDraw(f"there is no kind {wish.kind!r}; kinds: {', '.join(KINDS)}")
    stream = Streams(wish.seed).fresh(f"sample/{wish.kind}/{turn}")
    minutes = int(stream.integers(DAYS * 24 * 60))
    admitted_at = FIRST_DAY + timedelta(minutes=minutes)
    chances = tuple(_chances(wish, world, admitted_at.date()))
    if not chances:
        raise CannotDraw(_why(wish, world))
    chance = _one_of(stream, chances)
    patient = _patient(stream, wish, world, chance, admitted_at)
    return _facts(stream, wish, world, chance, patient, admitted_at)


def _why(wish: Wish, world: World) -> str:
    place = f" of establishment {wish.establishment}" if wish.establishment else ""
    who = ""
    if wish.patient is not None:
        traits = _known(world, wish.patient).traits
        who = f" and suits person {wish.patient} ({traits.sex}, born {traits.birth_date})"
    return f"no ward{place} sees anything that a {wish.kind} reports{who} (seed {wish.seed})"


def _chances(wish: Wish, world: World, day: date) -> Iterator[_Chance]:
    given = None if wish.patient is None else _known(world, wish.patient)
    for chance in _all_chances(wish.kind, wish.establishment, world):
        if given is None or _suits(chance, given, day):
            yield chance


@lru_cache(maxsize=64)
def _all_chances(kind: str, establishment: str | None, world: World) -> tuple[_Chance, ...]:
    """Whatever the seed, so kept: a thousand documents ask the same."""
    wards = (
        (place, Ward(unit, 0, unit.beds))
        for place in _places(establishment, world)
        for unit in place.units
    )
    found = (
        _chance(kind, picture, place, ward)
        for place, ward in wards
        if _receives(kind, ward)
        for picture in pictures()
    )
    return tuple(chance for chance in found if chance is not None)


def _places(finess: str | None, world: World) -> tuple[Establishment, ...]:
    if finess is None:
        return world.establishments
    place = world.establishment(finess)
    if place is None:
        known = ", ".join(row.finess_eg for row in world.establishments)
        raise CannotDraw(f"there is no establishment {finess!r}; sites: {known}")
    return (place,)


def _known(world: World, asked: int | str) -> Patient:
    """The person of a matricule, which is longer than any index, or of an index."""
    if isinstance(asked, str) or asked >= SHORTEST_MATRICULE:
        return _holder(world, str(asked).upper())
    try:
        return world.patient(asked)
    except IndexError:
        raise CannotDraw(f"there is no person {asked}") from None


def _holder(world: World, matricule: str) -> Patient:
    """Who holds a matricule; a published test identity may have a wrong key."""
    holder = world.by_matricule(matricule)
    if holder is not None:
        return holder
    if not is_matricule(matricule):
        raise CannotDraw(
            f"{matricule} is no INS: 15 characters, digits but for 2A or 2B in places 6 and 7"
        )
    number, key = matricule[:13], matricule[13:]
    right = ins_key(number)
    why = "" if key == right else f": the key of {number} is {right}, not {key}"
    raise CannotDraw(f"there is nobody with the INS {matricule}{why}")


def _receives(kind: str, ward: Ward) -> bool:
    """Whether such a document comes from such a ward."""
    if kind == "CR_URG":
        return ward.unit.care_mode == EMERGENCY
    if kind == "CR_CONS":
        return ward.unit.care_mode == CONSULTATION or (ward.beds > 0 and ward.activity == "MCO")
    return ward.beds > 0


def _chance(kind: str, picture: Picture, place: Establishment, ward: Ward) -> _Chance | None:
    """The picture in that ward, None when it is not seen there or such a document not due."""
    unit = ward.unit
    if unit.field != picture.field or unit.specialty not in picture.specialties:
        return None
    if not _is_due(kind, picture) or not _stays(ward, picture):
        return None
    if kind == "CRO" and not _has_operator(picture, place):
        return None
    audience = AUDIENCES.get(ward.stem, USUAL)
    if audience.sex not in ("", picture.sex):
        return None
    youngest = int(max(picture.age[0] * YEAR + 1, audience.youngest * YEAR))
    oldest = int(min((picture.age[1] + 1) * YEAR - 2, audience.oldest * YEAR))
    return _Chance(picture, place, ward, youngest, oldest) if youngest <= oldest else None


def _is_due(kind: str, picture: Picture) -> bool:
    match kind:
        case "CRO":
            return picture.act is not None
        case "CR_IMG":
            return picture.imaging is not None
        case "CR_BIO":
            return bool(picture.labs)
        case "ORD":
            return bool(picture.treatments)
        case "CR_ACP":
            act = picture.act[0].code if picture.act else ""
            return specimen_taken(picture.diagnosis.code, act) is not None
        case "CR_URG":
            return picture.is_emergency
        case "CR_CONS":
            return not picture.is_emergency
        case "VSM":
            return picture.field != "02"  # the stay before tells the diagnosis
        case _:
            return True


def _has_operator(picture: Picture, place: Establishment) -> bool:
    """Whether somebody there operates what the picture tells."""
    wanted = specialties_of("CRO", picture.act[0].code if picture.act else None)
    return any(unit.specialty in wanted for unit in place.units)


def _stays(ward: Ward, picture: Picture) -> bool:
    """Whether the ward keeps people as long as that."""
    return picture.nights[0] <= _most_nights(ward)


def _most_nights(ward: Ward) -> int:
    if ward.is_day or not ward.beds:
        return DAY_NIGHTS if ward.is_day else SHORT_NIGHTS
    return SHORT_NIGHTS if ward.stem == "UHCD" else 366


def _suits(chance: _Chance, patient: Patient, day: date) -> bool:
    traits = patient.traits
    age, born = age_on(traits.birth_date, day), birthday(traits.birth_date)
    if not chance.picture.suits(traits.sex, age) or born >= day:
        return False
    return chance.youngest <= (day - born).days <= chance.oldest


def _one_of(stream: np.random.Generator, chances: tuple[_Chance, ...]) -> _Chance:
    """What first, then where: a diagnosis many wards see is not drawn more often."""
    diagnoses = sorted({chance.picture.diagnosis.code for chance in chances})
    code = diagnoses[int(stream.integers(len(diagnoses)))]
    seen = [chance for chance in chances if chance.picture.diagnosis.code == code]
    return seen[int(stream.integers(len(seen)))]


def _patient(
    stream: np.random.Generator, wish: Wish, world: World, chance: _Chance, admitted_at: datetime
) -> Patient:
    """The person asked for, or somebody of the sex and age."""
    if wish.patient is not None:
        return _known(world, wish.patient)
    day = admitted_at.date()
    for _ in range(TRIES):
        born = day - timedelta(days=int(stream.integers(chance.youngest, chance.oldest + 1)))
        around = world.born_between(born - timedelta(days=3), min(born + timedelta(days=3), day))
        if not len(around):
            continue
        patient = world.patient(int(stream.integers(around.start, around.stop)))
        if _suits(chance, patient, day):
            return patient
    raise CannotDraw(f"nobody found whom {chance.picture.diagnosis.label} happens to")


def _facts(
    stream: np.random.Generator,
    wish: Wish,
    world: World,
    chance: _Chance,
    patient: Patient,
    admitted_at: datetime,
) -> tuple[StayFacts, datetime]:
    kind, picture = wish.kind, chance.picture
    age = age_on(patient.traits.birth_date, admitted_at.date())
    case = case_of(picture, stream, patient.traits.sex, age)
    mode = MODES.get(kind, EncounterMode.STAY)
    nights = _nights(stream, mode, chance)
    left_at = admitted_at + timedelta(days=nights, hours=float(stream.uniform(1.5, 9)))
    staff = world.professionals(chance.place.finess_eg)
    act = case.act.act.code if case.act else None
    author, authenticator = _signers(stream, kind, act, chance, staff)
    facts = StayFacts(
        stay_id=f"25{int(stream.integers(10**7)):07d}",
        ipp=f"{int(stream.integers(10**8)):08d}",
        patient=patient,
        identity_status=IdentityStatus.QUALIFIED,
        establishment=chance.place,
        unit=chance.ward.unit,
        author=author,
        legal_authenticator=authenticator,
        case=case,
        admitted_at=admitted_at,
        left_at=left_at,
        mode=mode,
        admission=Admission.EMERGENCY if case.is_emergency else Admission.PLANNED,
        discharge=_discharge(stream, age, nights),
        attending_doctor=_attending(stream, world, patient, chance.place),
    )
    return _timed(stream, kind, facts)


def _nights(stream: np.random.Generator, mode: EncounterMode, chance: _Chance) -> int:
    if mode is not EncounterMode.STAY:
        return 0
    low, high = chance.picture.nights
    return int(stream.integers(low, min(high, _most_nights(chance.ward)) + 1))


def _signers(
    stream: np.random.Generator,
    kind: str,
    act: str | None,
    chance: _Chance,
    staff: tuple[Professional, ...],
) -> tuple[Professional, Professional]:
    """Author and responsible doctor, of the specialty that signs such a document."""
    doctors = _doctors(staff, chance.ward.unit)
    author = doctors[int(stream.integers(len(doctors)))]
    chief = doctors[0] if stream.random() < 0.3 else author
    wanted = specialties_of(kind, act)
    return signatory(author, staff, wanted), signatory(chief, staff, wanted)


def _doctors(staff: tuple[Professional, ...], unit: Unit) -> tuple[Professional, ...]:
    return tuple(who for who in staff if who.unit == unit.code and who.profession == DOCTOR)


def _attending(
    stream: np.random.Generator, world: World, patient: Patient, place: Establishment
) -> Professional:
    """A general practitioner where the person lives, else where the establishment is."""
    cog = patient.address.cog
    home = DEPARTMENTS.get(cog[:3] if cog.startswith("97") else cog[:2])
    town = world.correspondents(home.label if home else place.department)
    general = [who for who in town if who.specialty == GENERAL_PRACTICE] or list(town)
    return general[int(stream.integers(len(general)))]


def _discharge(stream: np.random.Generator, age: int, nights: int) -> Discharge:
    chosen = ELSEWHERE[int(stream.integers(len(ELSEWHERE)))]
    return chosen if age >= OLD and nights >= LONG else Discharge.HOME


def _timed(stream: np.random.Generator, kind: str, facts: StayFacts) -> tuple[StayFacts, datetime]:
    """When what is reported was done, and when the document is validated."""
    end = facts.left_at or facts.admitted_at
    hours = (end - facts.admitted_at).total_seconds() / 3600
    if kind in ("CR_BIO", "CR_IMG", "CR_ACP", "CRO"):
        done = facts.admitted_at + timedelta(hours=float(stream.uniform(0.2, min(20, hours - 1))))
        lasting = timedelta(minutes=facts.case.act.minutes if facts.case.act else 0)
        waited = PATHOLOGY_HOURS if kind == "CR_ACP" else REPORT_HOURS
        created = done + lasting + timedelta(hours=float(stream.uniform(*waited)))
    elif kind == "VSM":  # a visit in the weeks after, in opening hours
        day = (end + timedelta(days=int(stream.integers(3, 40)))).replace(hour=7, minute=30)
        done, created = None, day + timedelta(minutes=int(stream.integers(9 * 60)))
    else:
        done, created = None, end + timedelta(hours=float(stream.uniform(0.05, 2)))
    created = created.replace(microsecond=0)
    is_over = end <= created
    done = done and done.replace(microsecond=0)
    left = end.replace(microsecond=0) if is_over else None
    return replace(facts, left_at=left, performed_at=done), created
