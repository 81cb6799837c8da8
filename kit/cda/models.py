"""Kit, CDA, models: which sections a document model (volet) wants, which code a section has.

Facts of the published models, as tables. Not here: what is refused (rules), entries of sections:
the schematrons judge those. Source: CI-SIS, volets of documents; IHE PCC and DICOM sections.
"""

from __future__ import annotations

from kit.xds.tables import DOCUMENT_TYPES

VOLETS = "1.2.250.1.213.1.1.1."
_CISIS = "1.2.250.1.213.1.1.2."
_IHE = "1.3.6.1.4.1.19376.1."
_PCC = f"{_IHE}5.3.1."

# Document model -> groups of section templates; each group wants one of its templates.
REQUIRED_SECTIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    f"{VOLETS}8": (
        (f"{_PCC}3.2",), (f"{_PCC}1.21.2.9",), (f"{_IHE}7.3.1.3.14.1",), (f"{_CISIS}25",),
        (f"{_PCC}3.4",), (f"{_PCC}3.36",), (f"{_CISIS}175",), (f"{_CISIS}33",), (f"{_CISIS}35",),
    ),
    f"{VOLETS}13": ((f"{_CISIS}29",), (f"{_PCC}3.27",), (f"{_CISIS}32",)),
    f"{VOLETS}21": (
        (f"{_PCC}3.1",), (f"{_PCC}3.20",), (f"{_PCC}3.13",), (f"{_IHE}4.1.2.16",),
    ),
    f"{VOLETS}29": (
        (f"{_CISIS}35.1",), (f"{_PCC}3.1",), (f"{_IHE}7.3.1.1.13.7",), (f"{_PCC}3.22",),
    ),
    f"{VOLETS}37": ((f"{_PCC}3.23",),),
    f"{VOLETS}39": ((f"{_CISIS}171", f"{_CISIS}222"), (f"{_CISIS}243",)),
    f"{VOLETS}40": ((f"{_PCC}1.13.2.11",),),
    f"{VOLETS}41": ((f"{_PCC}1.5.3.2",),),
    f"{VOLETS}45": ((f"{_CISIS}209",), (f"{_CISIS}206",)),
    f"{VOLETS}47": (("1.2.840.10008.9.2",), (f"{_CISIS}107",), (f"{_CISIS}158.3",)),
    f"{VOLETS}51": (
        (f"{_PCC}3.19",), (f"{_PCC}3.13",), (f"{_PCC}3.6",), (f"{_PCC}3.11",), (f"{_PCC}1.5.3.5",),
    ),
    f"{VOLETS}54": ((f"{_CISIS}236",),),
    f"{VOLETS}55": ((f"{_IHE}3.3.2.1",), (f"{_CISIS}243",)),
}  # fmt: skip

# Model and section -> first edition (extension of the model's templateId) that wants the section.
REQUIRED_SINCE = {
    (f"{VOLETS}39", f"{_CISIS}243"): "2023",
    (f"{VOLETS}55", f"{_CISIS}243"): "2023",
}

# Section template -> code of the section. A line: common start of the templates, then end=code.
_CODES = (
    (_CISIS, "1=46264-8 2=11348-0 4=10183-2 5=11535-2 6=46241-6 8=48765-2 13=57074-7 25=18733-6"),
    (_CISIS, "26=10218-6 28=26436-6 29=46612-8 30=34117-2 31=57207-3 32=18776-5 33=21874-3"),
    (_CISIS, "34=30954-2 35=33557-0 36=70182-1 37=55107-7 38=35525-5 39=75859-9 40=35088-4"),
    (_CISIS, "41=47420-5 42=AVC-182 44=34841-7 45=56447-6 46=55107-7 47=48767-8 53=46264-8"),
    (_CISIS, "54=10160-0 55=55107-7 59=72135-7 66=GEN-168 67=50397-9 68=46612-8 69=34117-2"),
    (_CISIS, "123=57074-7 172=11302-7 176=11450-4 212=59768-2 223=57723-9 243=55108-5 244=30954-2"),
    (_CISIS, "245=44944-7"),
    ("1.2.840.10008.9.", "2=55752-0 3=55111-9 4=18834-2 5=19005-8 6=55107-7 7=55115-0 8=73569-6"),
    (f"{_IHE}4.1.2.", "16=55112-7"),
    (f"{_IHE}7.3.1.1.13.", "3=47420-5 5=47420-5 7=42545-4"),
    (f"{_IHE}7.3.1.3.", "14.1=72135-7 23.1=8648-8"),
    (f"{_IHE}8.1.2.", "1=22636-5 3=22634-0 4=22635-7 5=22637-3 6=46059-2"),
    (f"{_IHE}9.1.2.", "1=57828-6 3=60590-7"),
    (f"{_PCC}1.5.3.", "1=10161-8 2=8716-3 3=46240-8 4=10162-6 5=46264-8 6=10182-4 7=48768-6"),
    (f"{_PCC}1.9.", "8=11366-2 10=18663-5 12=56836-0 15=29545-1 15.1=29545-1 39=34895-3"),
    (f"{_PCC}1.9.", "40=18776-5 50=18776-5"),
    (f"{_PCC}1.10.3.", "2=11459-5"),
    (f"{_PCC}1.12.2.", "1=47420-5 2=38208-5 3=38228-3 4=48542-5 5=46006-3"),
    (f"{_PCC}1.13.2.", "1=10154-3 5=51847-2 6=57072-1 7=18733-6 9=11301-9 11=29554-3"),
    (f"{_PCC}1.18.3.", "1=18776-5"),
    (f"{_PCC}3.", "1=42349-1 2=42349-1 3=46241-6 4=10164-2 5=8648-8 7=11535-2 8=11348-0"),
    (f"{_PCC}3.", "11=47519-4 12=47519-4 13=48765-2 14=10157-6 15=10157-6 16=29762-2 16.1=29762-2"),
    (f"{_PCC}3.", "17=47420-5 18=10187-3 19=10160-0 20=42346-7 21=18610-6 22=10183-2 23=11369-6"),
    (f"{_PCC}3.", "24=29545-1 25=8716-3 27=30954-2 28=30954-2 29=11493-4 30=11493-4 31=18776-5"),
    (f"{_PCC}3.", "33=42344-2 34=42348-3 35=42348-3 36=18776-5 37=74166-0"),
    ("2.16.840.1.113883.10.20.", "22.2.37=55109-3 22.2.39=11329-0 6.1.1=121181 6.1.2=59776-5"),
    ("2.16.840.1.113883.10.22.", "3.8=47420-5"),
)
SECTION_CODES: dict[str, str] = {
    start + row.partition("=")[0]: row.partition("=")[2]
    for start, rows in _CODES
    for row in rows.split()
}

# Type -> the model of its structured form; model -> its types.
MODEL_OF_TYPE = {row.code: row.template for row in DOCUMENT_TYPES if row.template}
_MORE_TYPES = {f"{VOLETS}51": ("74207-2",), f"{VOLETS}13": ("60591-5",)}  # published examples
TYPES_OF_MODEL: dict[str, tuple[str, ...]] = {
    model: (
        *(code for code, other in MODEL_OF_TYPE.items() if other == model),
        *_MORE_TYPES.get(model, ()),
    )
    for model in set(MODEL_OF_TYPE.values())
}
