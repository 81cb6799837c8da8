"""Kit, signature: an assertion signed elsewhere verifies, and no altered form of it does.

Every element and attribute is altered in every way that keeps the XML well-formed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
import signxml
from lxml import etree
from signxml import CanonicalizationMethod

from kit.pki import TestPki, Untrusted
from kit.signature import SignatureRefused, verify_enveloped
from kit.vihf import find_assertion
from kit.vihf.wire import write_unsigned
from kit.xml import NS, Element, local_name, parse, qname, serialize
from tests.kit.trust_builders import NOW, a_hospital, a_vihf

DS = f"{{{NS['ds']}}}"
# Outside what is signed: whoever reads the assertion reads nothing there but the certificate.
LOOSE = {"Signature", "SignatureValue", "KeyInfo", "X509Data", "X509Certificate"}


@pytest.fixture(scope="module")
def signed(pki: TestPki) -> bytes:
    """A VIHF signed by signxml: exclusive canonicalization, RSA-SHA256."""
    sign = a_hospital(pki).sign
    signer = signxml.XMLSigner(
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    )
    unsigned = parse(serialize(write_unsigned(a_vihf(sign))))
    made = signer.sign(
        unsigned, key=sign.key, cert=[sign.certificate], reference_uri=unsigned.get("ID"),
        id_attribute="ID",
    )  # fmt: skip
    return serialize(made)


def verifies(pki: TestPki, data: bytes) -> bool:
    try:
        verify_enveloped(find_assertion(data), pki.trust, NOW)
    except (SignatureRefused, Untrusted):
        return False
    return True


def is_loose(element: Element) -> bool:
    return str(element.tag).startswith(DS) and local_name(element) in LOOSE


# Alterations: from a copy of the tree and the place of one element, to whether it was altered.


def change_text(element: Element) -> bool:
    element.text = "A" + (element.text or "")
    return not (is_loose(element) and len(element))


def cut_text(element: Element) -> bool:
    had = bool((element.text or "").strip())
    element.text = (element.text or "").strip()[:-1]
    return had


def add_tail(element: Element) -> bool:
    parent = element.getparent()
    if parent is None or is_loose(parent):
        return False
    element.tail = (element.tail or "") + "x"
    return True


def remove(element: Element) -> bool:
    parent = element.getparent()
    if parent is None:
        return False
    parent.remove(element)
    return True


def double(element: Element) -> bool:
    parent = element.getparent()
    if parent is None or local_name(element) in ("X509Certificate", "X509Data"):
        return False
    element.addnext(copy.deepcopy(element))
    return True


def swap(element: Element) -> bool:
    after = element.getnext()
    if after is None or DS in (str(element.tag)[: len(DS)], str(after.tag)[: len(DS)]):
        return False
    if etree.tostring(element, with_tail=False) == etree.tostring(after, with_tail=False):
        return False
    after.addnext(element)
    return True


def rename(element: Element) -> bool:
    element.tag = str(element.tag) + "x"
    return element.getparent() is not None


def other_namespace(element: Element) -> bool:
    element.tag = "{urn:other}" + local_name(element)
    return element.getparent() is not None


def wrap(element: Element) -> bool:
    parent = element.getparent()
    if parent is None:
        return False
    around = etree.Element("{urn:other}around")
    parent.replace(element, around)
    around.append(element)
    return True


def add_attribute(element: Element) -> bool:
    element.set("added", "x")
    return not is_loose(element)


def add_child(element: Element) -> bool:
    etree.SubElement(element, "{urn:other}added")
    return not is_loose(element) or local_name(element) == "Signature"


def empty(element: Element) -> bool:
    had = len(element) or (element.text or "").strip()
    for child in list(element):
        element.remove(child)
    element.text = None
    return bool(had)


ALTERATIONS: tuple[Callable[[Element], bool], ...] = (
    change_text, cut_text, add_tail, remove, double, swap, rename, other_namespace, wrap,
    add_attribute, add_child, empty,
)  # fmt: skip


def altered(signed: bytes, alteration: Callable[[Element], bool]) -> Iterator[tuple[str, bytes]]:
    count = sum(1 for _ in parse(signed).iter(etree.Element))
    for place in range(count):
        root = parse(signed)
        element = list(root.iter(etree.Element))[place]
        name = local_name(element)
        if alteration(element):
            yield name, serialize(root)


def test_what_signxml_signed_verifies(pki: TestPki, signed: bytes) -> None:
    assert verifies(pki, signed)
    assert verifies(pki, b"<e xmlns='urn:around' xmlns:saml2='urn:x'>" + signed + b"</e>")


@pytest.mark.parametrize("alteration", ALTERATIONS, ids=lambda item: item.__name__)
def test_no_altered_element_verifies(pki: TestPki, signed: bytes, alteration) -> None:
    seen = 0
    for name, data in altered(signed, alteration):
        seen += 1
        assert find_is_other(data) or not verifies(pki, data), (alteration.__name__, name)
    assert seen >= 10


def find_is_other(data: bytes) -> bool:
    """Whether the root is no assertion any more: then there is nothing to verify."""
    return parse(data).tag != qname("saml2:Assertion")


def test_no_altered_attribute_verifies(pki: TestPki, signed: bytes) -> None:
    places = [
        (number, name)
        for number, element in enumerate(parse(signed).iter(etree.Element))
        for name in element.attrib
    ]
    assert len(places) > 30
    for number, name in places:
        for value in ("", "x", None):
            root = parse(signed)
            element = list(root.iter(etree.Element))[number]
            if value is None:
                del element.attrib[name]
            else:
                element.set(name, value)
            assert not verifies(pki, serialize(root)), (local_name(element), name, value)


HARMLESS = [  # XML says the same: canonicalization is for this
    lambda data: b"\xef\xbb\xbf" + data,
    lambda data: b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- a note -->' + data,
    lambda data: data.replace(b'"2.0"', b"'2.0'"),
    lambda data: serialize(parse(data)).decode().encode("ascii", "xmlcharrefreplace"),
]


@pytest.mark.parametrize("spelling", HARMLESS, ids=range(len(HARMLESS)))
def test_another_spelling_of_the_same_still_verifies(pki: TestPki, signed, spelling) -> None:
    assert verifies(pki, spelling(signed))
