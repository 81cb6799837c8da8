"""DMP mock, rules: the value sets of document and lot metadata, as tables.

Each table names the set, its edition and how sure we are; sets that a CDA shares are those of
``kit.cda.value_sets``. Not here: what is refused when a code is outside its set (``codes``).
"""

from kit.cda.value_sets import ValueSet, pairs
from kit.xds.tables import (
    CLASS_OF_TYPE,
    CLASS_SYSTEM,
    CONFIDENTIALITY_SYSTEM,
    CONTENT_TYPE_SYSTEM,
    VISIBILITY_SYSTEM,
)

TYPES = ValueSet(
    "JDV_J66", "1.2.250.1.213.1.1.5.7", "2024-02-23", "confirmed", frozenset(CLASS_OF_TYPE)
)
CLASSES = ValueSet(
    "JDV_J57",
    "1.2.250.1.213.1.1.5.1",
    "2024-02-23",
    "confirmed",
    frozenset((code, CLASS_SYSTEM) for code in CLASS_OF_TYPE.values()),
)

# Formats: JDV_J60, edition 2025-07-02, confirmed for the codes. The sheet of the system that
# goes with each code is confirmed for TRE_A06, XDS-SD and DICOM only: others are not judged.
_FRENCH_FORMATS = (
    "urn:ans:ci-sis:bio-ep-bio:2022 urn:ans:ci-sis:cse-mde:2023 urn:ans:ci-sis:img-da:2022",
    "urn:ans:ci-sis:trod:2024 urn:asip:ci-sis:aunv:2013 urn:asip:ci-sis:avk:2009",
    "urn:asip:ci-sis:cr-anest:2020 urn:asip:ci-sis:cr-cpa:2020 urn:asip:ci-sis:crgm:2018",
    "urn:asip:ci-sis:crrtn:2013 urn:asip:ci-sis:cse-cs24:2017 urn:asip:ci-sis:cse-cs8:2017",
    "urn:asip:ci-sis:cse-cs9:2017 urn:asip:ci-sis:d2lm-fidd:2017 urn:asip:ci-sis:d2lm-fin:2017",
    "urn:asip:ci-sis:dci:2009 urn:asip:ci-sis:dlu:2015 urn:asip:ci-sis:dlu:2024",
    "urn:asip:ci-sis:eunv:2013 urn:asip:ci-sis:fludr:2017 urn:asip:ci-sis:fludt:2017",
    "urn:asip:ci-sis:fr-su:2024 urn:asip:ci-sis:frcp:2011 urn:asip:ci-sis:ft-su:2024",
    "urn:asip:ci-sis:hr:2019 urn:asip:ci-sis:idap:2011 urn:asip:ci-sis:ldl-ees:2017",
    "urn:asip:ci-sis:ldl-ses:2017 urn:asip:ci-sis:obp-sap:2023 urn:asip:ci-sis:obp-scm:2023",
    "urn:asip:ci-sis:obp-sem:2023 urn:asip:ci-sis:obp-sne:2023 urn:asip:ci-sis:obp-snm:2023",
    "urn:asip:ci-sis:pavc:2016 urn:asip:ci-sis:ppp:2023 urn:asip:ci-sis:pps-cancer:2017",
    "urn:asip:ci-sis:pps-paerpa:2017 urn:asip:ci-sis:ppv:2009 urn:asip:ci-sis:psc:2009",
    "urn:asip:ci-sis:sdm-mr:2017 urn:asip:ci-sis:sunv:2013 urn:asip:ci-sis:tap:2009",
    "urn:asip:ci-sis:tlm-da:2020 urn:asip:ci-sis:vac-note:2021 urn:asip:ci-sis:vac:2019",
    "urn:asip:ci-sis:vsm:2012 urn:asipSante:modelesHorsProfils:2011",
)
_OTHER_FORMATS = (
    "urn:ihe:iti:dsg:detached:2014 urn:ihe:iti:xds-sd:pdf:2008 urn:ihe:iti:xds-sd:text:2008",
    "urn:ihe:iti-fr:xds-sd:jpeg:2010 urn:ihe:iti-fr:xds-sd:rtf:2010",
    "urn:ihe:iti-fr:xds-sd:tiff:2010 urn:ihe:pharm:dis:2010 urn:ihe:pharm:pre:2010",
    "urn:ihe:lab:xd-lab:2008 urn:ihe:palm:apsr:2016 urn:ihe:pcc:ips:2020",
    "urn:ihe:eyecare:geneyeevalcn:2014",
    "urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013 1.2.840.10008.5.1.4.1.1.88.59",
)
FRENCH_FORMATS = frozenset(" ".join(_FRENCH_FORMATS).split())
FORMATS = FRENCH_FORMATS | frozenset(" ".join(_OTHER_FORMATS).split())

# Confidentiality: JDV_J08, edition 2020-04-24, confirmed.
CONFIDENTIALITIES = ValueSet(
    "JDV_J08",
    "1.2.250.1.213.1.1.5.463",
    "2020-04-24",
    "confirmed",
    pairs(CONFIDENTIALITY_SYSTEM, "N R V")
    | pairs(VISIBILITY_SYSTEM, "MASQUE_PS INVISIBLE_PATIENT INVISIBLE_REPRESENTANTS_LEGAUX"),
)

# Activity of the lot: JDV_J59, edition 2026-09-28, its codes of TRE_R209, confirmed.
LOT_ACTIVITIES = ValueSet(
    "JDV_J59",
    "1.2.250.1.213.1.1.5.2",
    "2026-09-28",
    "partial",
    pairs(
        CONTENT_TYPE_SYSTEM,
        "03 04 07 08 09 11 13 14 15 16 17 18 19 20 21 22 25 26 27 28 33 37 40 42 43 44 45 46 47"
        " 48 50 52 54 60 97",
    ),
)
