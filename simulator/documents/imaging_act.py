"""Simulator, documents, imaging act: the section of the act (acte d'imagerie) and its entries.

Technique, contrast medium, exposure to radiation, catalogue of the images. Source: CI-SIS, volet
IMG-CR-IMG 2024.01, after DICOM PS3.20. Not here: the rest of the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulator.documents import people
from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, local_day, templates, time
from simulator.documents.facts import Coded, ImagingExam
from simulator.documents.imaging_protocols import (
    Contrast,
    Protocol,
    Quantity,
    examined,
    exposure,
    injection,
    protocol,
)
from simulator.documents.kinds import LOINC
from simulator.documents.markup import NOTHING, TYPE, Xml, join, leaf, tag, text
from simulator.documents.references import notice
from simulator.documents.sections import coded_value, section, string_value
from simulator.documents.services import performed_at, study_uid
from simulator.documents.tables import anchored, original, pointer, table
from simulator.documents.wording import full_name

ACT_TEMPLATES = ("1.2.840.10008.9.3", "1.2.250.1.213.1.1.2.206")
TECHNIQUE_TEMPLATES = ("1.2.840.10008.9.14", "1.2.250.1.213.1.1.3.153")
PRODUCT_TEMPLATES = ("1.2.840.10008.9.13", "1.2.250.1.213.1.1.3.151")
COMPLICATION_TEMPLATES = ("2.16.840.1.113883.10.20.22.2.37", "1.2.250.1.213.1.1.2.214")
RADIATION_TEMPLATES = ("1.2.840.10008.9.8", "1.2.250.1.213.1.1.2.215")
EXPOSURE_TEMPLATE = "1.2.250.1.213.1.1.3.165"
OBSERVATION_TEMPLATES = ("2.16.840.1.113883.10.20.6.2.13", "1.2.250.1.213.1.1.3.150")
QUANTITY_TEMPLATES = ("2.16.840.1.113883.10.20.6.2.14", "1.2.250.1.213.1.1.3.154")
CATALOGUE_TEMPLATES = ("2.16.840.1.113883.10.20.6.1.1", "1.2.250.1.213.1.1.2.217")
STUDY_TEMPLATES = ("1.2.840.10008.9.16", "1.2.250.1.213.1.1.3.155")
SERIES_TEMPLATES = ("1.2.840.10008.9.17", "1.2.250.1.213.1.1.3.156")
INSTANCE_TEMPLATES = ("1.2.840.10008.9.18", "1.2.250.1.213.1.1.3.157")

MODALITY = Coded("121139", "Modalité d'imagerie")
MODIFIER = Coded("106233006", "modificateur topographique")
NOT_PREGNANT = Coded("60001007", "absence de grossesse")  # JDV_StatutGrossesse
CHILDBEARING = range(12, 51)  # ages at which the question is put
NOT_ASKED = "Sans objet"
WITH_COMPLICATIONS = ("XA",)  # modalities whose report tells of complications without contrast
PRINTED_UNITS = {"mGy.cm": "mGy·cm", "cGy.cm2": "cGy·cm²"}


@dataclass(frozen=True, slots=True)
class _Act:
    """One act being written: the examination, how it is done, when."""

    draft: Draft
    exam: ImagingExam
    how: Protocol
    at: datetime


def act_section(draft: Draft, exam: ImagingExam) -> Xml:
    """FR-DICOM-Acte-imagerie: what was done, with what, at which dose, where the images are."""
    act = _Act(draft, exam, protocol(exam), performed_at(draft))
    product = injection(act.how, draft.stream, draft.facts.age)
    return section(
        draft,
        Coded("55111-9", "Description de l'acte d'imagerie"),
        "Technique d'imagerie",
        ACT_TEMPLATES,
        join((_technique_table(act), _product_table(product) if product else NOTHING)),
        [_technique(act), *([_administration(act, product)] if product else [])],
        parts=(_complications(act, product), _radiation(act), _catalogue(act)),
    )


def coded_observation(draft: Draft, code: Xml, anchor: str, value: Xml) -> Xml:
    """FR-DICOM-Observation, about the whole person."""
    return tag(
        "observation",
        *templates(*OBSERVATION_TEMPLATES),
        drawn_id(draft),
        code,
        pointer(anchor),
        tag("statusCode", code="completed"),
        tag("effectiveTime", value=local_day(performed_at(draft))),
        value,
        tag("targetSiteCode", nullFlavor="NA"),
        classCode="OBS",
        moodCode="EVN",
    )


def told_value(words: str) -> Xml:
    """What no code of the value set says: words."""
    return string_value(words)


def _technique_table(act: _Act) -> Xml:
    done = examined(act.exam)
    name = f"{done.label} (LOINC {done.code}) - {act.exam.act.label} (CCAM {act.exam.act.code})"
    description = " ".join((act.exam.technique, *notice("imaging")))
    cells = (
        anchored("acte", name),
        anchored("acte-description", description),
        anchored("acte-modalite", act.exam.modality.label),
        anchored("acte-localisation", act.how.site.label),
        anchored("acte-precision", _precision(act)),
    )
    headings = ("Acte", "Description", "Modalité", "Localisation", "Précision topographique")
    return table(headings, (cells,))


def _precision(act: _Act) -> str:
    """``unilatéral, côté gauche``."""
    if act.how.modifier is None:
        return "-"
    side = f", côté {act.exam.side}" if act.how.sides and act.exam.side else ""
    return act.how.modifier.label + side


def _technique(act: _Act) -> Xml:
    done = examined(act.exam)
    ccam = coded(act.exam.act.code, act.exam.act.label, terms.CCAM, name="translation")
    return tag(
        "procedure",
        *templates(*TECHNIQUE_TEMPLATES),
        drawn_id(act.draft),
        coded(done.code, done.label, LOINC, original("acte"), ccam),
        pointer("acte-description"),
        time("effectiveTime", act.at),
        coded(
            act.exam.modality.code,
            act.exam.modality.label,
            terms.DICOM,
            original("acte-modalite"),
            name="methodCode",
        ),
        _site(act, "acte-localisation"),
        classCode="PROC",
        moodCode="EVN",
    )


def _site(act: _Act, anchor: str) -> Xml:
    """The region, with its topographic modifier when it is one of two."""
    modifier = act.how.modifier
    qualifier = NOTHING
    if modifier is not None:
        value = coded(modifier.code, modifier.label, terms.SNOMED_CT, name="value")
        name = coded(MODIFIER.code, MODIFIER.label, terms.SNOMED_CT, name="name")
        qualifier = tag("qualifier", name, value)
    return coded(
        act.how.site.code,
        act.how.site.label,
        terms.SNOMED_CT,
        original(anchor),
        qualifier,
        name="targetSiteCode",
        **{TYPE: "CD"},
    )


def _product_table(product: Contrast) -> Xml:
    cells = (
        anchored("produit", product.presentation),
        anchored("produit-dose", f"{product.volume_ml} mL"),
        text(product.route.label),
        text(product.batch),
    )
    return table(("Produit administré", "Dose", "Voie", "Lot"), (cells,))


def _administration(act: _Act, product: Contrast) -> Xml:
    """The contrast medium, named by its substance: prescribed without a brand, hence no CIP."""
    words = tag("translation", original("produit-dose"))
    volume = tag("low", words, value=str(product.volume_ml), unit="mL")
    substance = product.substance
    code = tag(
        "code",
        original("produit"),
        coded(substance.code, substance.label, terms.ATC, name="translation"),
        nullFlavor="UNK",
    )
    material = tag(
        "manufacturedMaterial",
        code,
        leaf("name", product.presentation),
        leaf("lotNumberText", product.batch),
    )
    return tag(
        "substanceAdministration",
        *templates(*PRODUCT_TEMPLATES),
        drawn_id(act.draft),
        pointer("produit"),
        tag("statusCode", code="completed"),
        time("effectiveTime", act.at),
        coded(product.route.code, product.route.label, terms.EDQM, name="routeCode"),
        tag("doseQuantity", volume),
        tag("consumable", tag("manufacturedProduct", material, classCode="MANU")),
        classCode="SBADM",
        moodCode="EVN",
    )


def _complications(act: _Act, product: Contrast | None) -> Xml:
    if product is None and act.exam.modality.code not in WITH_COMPLICATIONS:
        return NOTHING
    return section(
        act.draft,
        Coded("55109-3", "Complications"),
        "Complications",
        COMPLICATION_TEMPLATES,
        leaf("paragraph", "Aucune complication immédiate."),
    )


def _radiation(act: _Act) -> Xml:
    """FR-DICOM-Exposition-aux-radiations, only of what irradiates."""
    if not act.how.irradiates:
        return NOTHING
    doses = exposure(act.how, act.draft.stream, act.draft.facts.age)
    facts = act.draft.facts
    is_asked = facts.patient.traits.sex == "F" and facts.age in CHILDBEARING
    told = "Absence de grossesse" if is_asked else NOT_ASKED
    who = f"Exposition justifiée et autorisée par {full_name(facts.legal_authenticator)}."
    rows = (
        (
            anchored(f"mesure-{number}", dose.measure.label),
            anchored(f"mesure-{number}-localisation", act.how.site.label),
            text(_printed(dose)),
        )
        for number, dose in enumerate(doses, 1)
    )
    narrative = (
        tag("paragraph", anchored("exposition", who)),
        tag("paragraph", text("Grossesse : "), anchored("grossesse", told)),
        table(("Mesure", "Localisation", "Quantité"), rows),
    )
    return section(
        act.draft,
        Coded("73569-6", "Exposition aux rayonnements et informations de radioprotection"),
        "Exposition aux rayonnements et informations de radioprotection",
        RADIATION_TEMPLATES,
        join(narrative),
        [
            _exposed(act),
            _pregnancy(act, is_asked),
            *(_dose(act, number, dose) for number, dose in enumerate(doses, 1)),
        ],
    )


def _printed(dose: Quantity) -> str:
    """``310 mGy·cm``, with a comma."""
    return f"{dose.value.replace('.', ',')} {PRINTED_UNITS.get(dose.unit, dose.unit)}"


def _exposed(act: _Act) -> Xml:
    """FR-DICOM-Exposition-patient: who allowed the exposure."""
    who = act.draft.facts.legal_authenticator
    responsible = tag(
        "participantRole",
        people.professional_id(who),
        coded("113850", "Autorisation d'irradiation", terms.DICOM),
        people.person(who, "playingEntity"),
    )
    return tag(
        "procedure",
        *templates(EXPOSURE_TEMPLATE),
        coded(
            "121290",
            "Exposition du patient aux rayonnements ionisants",
            terms.DICOM,
            original("exposition"),
        ),
        tag("participant", responsible, typeCode="RESP"),
        classCode="PROC",
        moodCode="EVN",
    )


def _pregnancy(act: _Act, is_asked: bool) -> Xml:
    """FR-DICOM-Observation, compulsory: a code where the question makes sense, else words."""
    code = coded("364320009", "statut de grossesse", terms.SNOMED_CT)
    value = told_value(NOT_ASKED)
    if is_asked:
        value = coded_value(NOT_PREGNANT.code, NOT_PREGNANT.label, terms.SNOMED_CT, "CD")
    return coded_observation(act.draft, code, "grossesse", value)


def _dose(act: _Act, number: int, dose: Quantity) -> Xml:
    return tag(
        "observation",
        *templates(*QUANTITY_TEMPLATES),
        drawn_id(act.draft),
        coded(dose.measure.code, dose.measure.label, terms.DICOM),
        pointer(f"mesure-{number}"),
        tag("statusCode", code="completed"),
        time("effectiveTime", act.at),
        tag("value", **{TYPE: "PQ"}, value=dose.value, unit=dose.unit),
        _site(act, f"mesure-{number}-localisation"),
        classCode="OBS",
        moodCode="EVN",
    )


def _catalogue(act: _Act) -> Xml:
    """FR-DICOM-Object-Catalog: the study, its series, one of its images."""
    study = study_uid(act.draft)
    link = leaf("linkHtml", "Voir les images", href=_images(act, study))
    cells = (
        text(f"StudyInstanceUID : {study}"),
        anchored("serie-modalite", act.exam.modality.label),
        tag("content", link, ID="image"),
    )
    return section(
        act.draft,
        Coded("121181", "Catalogue d'objets DICOM"),
        "Catalogue d'objets DICOM",
        CATALOGUE_TEMPLATES,
        table(("Examen", "Modalité", "Lien vers les images"), (cells,)),
        [_study(act, study)],
        system=terms.DICOM,
    )


def _images(act: _Act, study: str) -> str:
    """Where the images are, by WADO; a reserved domain, so the link leads nowhere."""
    host = f"imagerie-{act.draft.facts.establishment.finess_eg}.example"
    return (
        f"https://{host}/wado?requestType=WADO&studyUID={study}&seriesUID={study}.1"
        f"&objectUID={study}.1.1&contentType=application/dicom"
    )


def _study(act: _Act, study: str) -> Xml:
    return tag(
        "act",
        *templates(*STUDY_TEMPLATES),
        tag("id", root=study),
        coded("113014", "Examen", terms.DICOM),
        time("effectiveTime", act.at),
        tag("entryRelationship", _series(act, study), typeCode="COMP"),
        classCode="ACT",
        moodCode="EVN",
    )


def _series(act: _Act, study: str) -> Xml:
    value = coded(
        act.exam.modality.code,
        act.exam.modality.label,
        terms.DICOM,
        original("serie-modalite"),
        name="value",
    )
    name = coded(MODALITY.code, MODALITY.label, terms.DICOM, name="name")
    return tag(
        "act",
        *templates(*SERIES_TEMPLATES),
        tag("id", root=f"{study}.1"),
        coded("113015", "Séries", terms.DICOM, tag("qualifier", name, value)),
        time("effectiveTime", act.at),
        tag("entryRelationship", _instance(act, study), typeCode="COMP"),
        classCode="ACT",
        moodCode="EVN",
    )


def _instance(act: _Act, study: str) -> Xml:
    images = act.how.images
    where = tag("reference", value=_images(act, study))
    return tag(
        "observation",
        *templates(*INSTANCE_TEMPLATES),
        tag("id", root=f"{study}.1.1"),
        coded(images.code, images.label, terms.DICOM_UID, original("image")),
        tag("text", where, mediaType="application/dicom"),
        time("effectiveTime", act.at),
        classCode="DGIMG",
        moodCode="EVN",
    )
