"""DMP mock, messages: the place of the VIHF in a SOAP header, both ways.

Not here: the assertion itself (``kit.vihf``).
"""

from __future__ import annotations

from kit.rules import Malformed
from kit.xml import NS, Element, build, find_all


def read_security(header: Element | None) -> Element | None:
    """The SAML assertion of wsse:Security, None when there is none.

    Raises Malformed when there are several: which one speaks would be anyone's guess.
    """
    blocks = [] if header is None else find_all(header, "wsse:Security")
    assertions = [found for block in blocks for found in find_all(block, "saml2:Assertion")]
    if len(blocks) > 1 or len(assertions) > 1:
        raise Malformed("wsse:Security", "one assertion is expected")
    return assertions[0] if assertions else None


def write_security(assertion: Element) -> Element:
    """The header block that carries the VIHF."""
    return build("wsse:Security", assertion, nsmap={"wsse": NS["wsse"]})
