"""DMP mock, messages: the registry's answer (rs:RegistryResponse) and its errors, both ways.

Not here: the answers of a query and of a retrieval, which hold one of these beside their content.
Source: ITI TF-3 4.2.4 (statuses, severities); ebRS 3.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kit.rules import Refusal
from kit.xml import NS, Element, build, find_all, need_attribute, qname

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
PARTIAL_SUCCESS = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
ERROR = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"


@dataclass(frozen=True, slots=True)
class RegistryError:
    """One error of a registry's answer."""

    code: str
    context: str
    location: str = ""
    severity: str = ERROR


@dataclass(frozen=True, slots=True)
class RegistryResponse:
    """What a registry answers: its status, and why it refused."""

    status: str
    errors: tuple[RegistryError, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether everything asked for was done."""
        return self.status == SUCCESS


def write_success() -> Element:
    """The answer to an accepted lot: a status and nothing else."""
    return build("rs:RegistryResponse", status=SUCCESS)


def write_failure(refusals: Iterable[Refusal]) -> Element:
    """The answer to a refused lot or update: every refusal."""
    return build("rs:RegistryResponse", write_errors(refusals), status=FAILURE)


def write_errors(refusals: Iterable[Refusal]) -> Element:
    """A RegistryErrorList: one error for each refusal, in their order."""
    listed = build("rs:RegistryErrorList", highestSeverity=ERROR)
    for refusal in refusals:
        listed.append(_error(refusal))
    return listed


def _error(refusal: Refusal) -> Element:
    return build(
        "rs:RegistryError",
        errorCode=refusal.code.code,
        codeContext=f"{refusal.code.meaning}; {refusal.text}",
        severity=ERROR,
        location="/".join(part for part in (refusal.subject, refusal.field) if part),
    )


def read_registry_response(element: Element) -> RegistryResponse:
    """Read the status and errors of a RegistryResponse, or of an answer that has the same form.

    Raises Malformed when there is no status.
    """
    errors = [
        RegistryError(
            code=error.get("errorCode", ""),
            context=error.get("codeContext", ""),
            location=error.get("location", ""),
            severity=error.get("severity", ""),
        )
        for error in find_all(element, "rs:RegistryErrorList/rs:RegistryError")
    ]
    return RegistryResponse(need_attribute(element, "status"), tuple(errors))


NAMES = {prefix: NS[prefix] for prefix in ("rs", "rim", "query", "xds")}
REGISTRY_RESPONSE = qname("rs:RegistryResponse")
