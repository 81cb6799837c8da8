"""Simulator, documents, imaging act: the section of the act (acte d'imagerie).

Its technique, its contrast medium, its complications. Source: CI-SIS, volet IMG-CR-IMG 2024.01,
after DICOM PS3.20. Not here: its exposure (imaging_exposure), its images (imaging_catalogue).
"""

from __future__ import annotations

from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, templates, time
from simulator.documents.facts import Coded, ImagingExam
from simulator.documents.imaging_catalogue import catalogue
from simulator.documents.imaging_examination import (
    Examination,
    contrast_caution,
    examination,
    site,
)
from simulator.documents.imaging_exposure import exposure_section
from simulator.documents.imaging_protocols import Contrast, examined, injection
from simulator.documents.kinds import LOINC
from simulator.documents.markup import NOTHING, Xml, join, leaf, tag, text
from simulator.documents.references import notice
from simulator.documents.sections import section
from simulator.documents.tables import anchored, original, pointer, table

ACT_TEMPLATES = ("1.2.840.10008.9.3", "1.2.250.1.213.1.1.2.206")
TECHNIQUE_TEMPLATES = ("1.2.840.10008.9.14", "1.2.250.1.213.1.1.3.153")
PRODUCT_TEMPLATES = ("1.2.840.10008.9.13", "1.2.250.1.213.1.1.3.151")
COMPLICATION_TEMPLATES = ("2.16.840.1.113883.10.20.22.2.37", "1.2.250.1.213.1.1.2.214")
WITH_COMPLICATIONS = ("XA",)  # modalities whose report tells of complications without contrast


def act_section(draft: Draft, exam: ImagingExam) -> Xml:
    """FR-DICOM-Acte-imagerie: what was done, with what, at which dose, where the images are."""
    act = examination(draft, exam)
    product = injection(act.how, draft.stream, draft.facts.age)
    return section(
        draft,
        Coded("55111-9", "Description de l'acte d'imagerie"),
        "Technique d'imagerie",
        ACT_TEMPLATES,
        join((_technique_table(act), _product_table(product) if product else NOTHING)),
        [_technique(act), *([_administration(act, product)] if product else [])],
        parts=(_complications(act, product), exposure_section(act), catalogue(act)),
    )


def _technique_table(act: Examination) -> Xml:
    done = examined(act.exam)
    name = f"{done.label} (LOINC {done.code}) - {act.exam.act.label} (CCAM {act.exam.act.code})"
    caution = contrast_caution(act.draft, act.exam)
    decided = ("Injection décidée au vu de la fonction rénale.",) if caution else ()
    description = " ".join((act.exam.technique, *notice("imaging"), *decided))
    cells = (
        anchored("acte", name),
        anchored("acte-description", description),
        anchored("acte-modalite", act.exam.modality.label),
        anchored("acte-localisation", act.how.site.label),
        anchored("acte-precision", _precision(act)),
    )
    headings = ("Acte", "Description", "Modalité", "Localisation", "Précision topographique")
    return table(headings, (cells,))


def _precision(act: Examination) -> str:
    """``unilatéral, côté gauche``."""
    if act.how.modifier is None:
        return "-"
    side = f", côté {act.exam.side}" if act.how.sides and act.exam.side else ""
    return act.how.modifier.label + side


def _technique(act: Examination) -> Xml:
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
        site(act, "acte-localisation"),
        classCode="PROC",
        moodCode="EVN",
    )


def _product_table(product: Contrast) -> Xml:
    cells = (
        anchored("produit", product.presentation),
        anchored("produit-dose", f"{product.volume_ml} mL"),
        text(product.route.label),
        text(product.batch),
    )
    return table(("Produit administré", "Dose", "Voie", "Lot"), (cells,))


def _administration(act: Examination, product: Contrast) -> Xml:
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


def _complications(act: Examination, product: Contrast | None) -> Xml:
    if product is None and act.exam.modality.code not in WITH_COMPLICATIONS:
        return NOTHING
    return section(
        act.draft,
        Coded("55109-3", "Complications"),
        "Complications",
        COMPLICATION_TEMPLATES,
        leaf("paragraph", "Aucune complication immédiate."),
    )
