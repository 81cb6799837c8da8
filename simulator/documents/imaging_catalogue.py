"""Simulator, documents, imaging catalogue: where the images of an examination are.

The study, its series, one of its images, with a WADO link. Source: CI-SIS, volet IMG-CR-IMG
2024.01, after DICOM PS3.20. Not here: any image.
"""

from __future__ import annotations

from simulator.documents import terminology as terms
from simulator.documents.draft import coded, templates, time
from simulator.documents.facts import Coded
from simulator.documents.imaging_examination import Examination
from simulator.documents.markup import Xml, leaf, tag, text
from simulator.documents.sections import section
from simulator.documents.services import study_uid
from simulator.documents.tables import anchored, original, table

CATALOGUE_TEMPLATES = ("2.16.840.1.113883.10.20.6.1.1", "1.2.250.1.213.1.1.2.217")
STUDY_TEMPLATES = ("1.2.840.10008.9.16", "1.2.250.1.213.1.1.3.155")
SERIES_TEMPLATES = ("1.2.840.10008.9.17", "1.2.250.1.213.1.1.3.156")
INSTANCE_TEMPLATES = ("1.2.840.10008.9.18", "1.2.250.1.213.1.1.3.157")
MODALITY = Coded("121139", "Modalité d'imagerie")


def catalogue(act: Examination) -> Xml:
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


def _images(act: Examination, study: str) -> str:
    """Where the images are, by WADO; a reserved domain, so the link leads nowhere."""
    host = f"imagerie-{act.draft.facts.establishment.finess_eg}.example"
    return (
        f"https://{host}/wado?requestType=WADO&studyUID={study}&seriesUID={study}.1"
        f"&objectUID={study}.1.1&contentType=application/dicom"
    )


def _study(act: Examination, study: str) -> Xml:
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


def _series(act: Examination, study: str) -> Xml:
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


def _instance(act: Examination, study: str) -> Xml:
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
