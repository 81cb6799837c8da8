"""The rules of the FHIR face, one by one: what passes, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.fhir import Resource, read_query
from mocks.dmp.messages import pdsm
from mocks.dmp.messages.pdsm.patch import write_patch, write_status
from mocks.dmp.rules.pdsm import Patching, patch, provide, search
from mocks.dmp.rules.pdsm_caller import Shown, fhir_caller
from tests.mocks.dmp import test_pdsm_bad_input as spoil
from tests.mocks.dmp.builders import ENTITY, STRUCTURE, a_document, a_user
from tests.mocks.dmp.conftest import Bench
from tests.mocks.dmp.fhir_builders import PATIENT, a_bundle


def broken(book: Any, *asked: Any) -> list[str]:
    """The names of the rules that refuse."""
    return list(dict.fromkeys(refusal.rule for refusal in book.findings(*asked)))


BUNDLES: list[tuple[Callable[[Resource], None], list[str]]] = [
    (lambda _: None, []),
    (spoil.that_is_a_batch, ["a_bundle_is_a_transaction_of_its_profile"]),
    (spoil.of_no_profile, ["a_bundle_is_a_transaction_of_its_profile"]),
    (spoil.with_a_patient, ["a_bundle_holds_what_the_profile_names"]),
    (spoil.that_puts, ["a_bundle_holds_what_the_profile_names"]),
    (spoil.with_a_folder, ["a_bundle_has_no_folder"]),
    (
        spoil.that_supersedes_another,
        ["a_patch_in_a_bundle_supersedes_what_is_replaced"],
    ),
    (spoil.of_another_mode, ["the_list_is_a_current_submission_set"]),
    (spoil.with_an_unknown_member, ["what_the_list_names_is_in_the_bundle"]),
    (spoil.superseded, ["a_document_is_new_and_current"]),
    (spoil.archived, ["a_document_is_new_and_current"]),
    (spoil.of_a_draft, ["a_document_is_new_and_current"]),
    (spoil.without_custodian, ["what_only_the_profile_requires_is_there"]),
    (spoil.without_hash, ["what_only_the_profile_requires_is_there"]),
    (spoil.of_two_contents, ["what_only_the_profile_requires_is_there"]),
    (spoil.written_by_nobody_contained, ["what_only_the_profile_requires_is_there"]),
    (spoil.with_its_bytes_inside, ["the_bytes_are_where_the_profile_has_them"]),
    (spoil.of_pdf, ["the_media_type_is_one_of_the_dmp"]),
    (spoil.kept_by_another, ["the_custodian_is_the_callers_structure"]),
]


@pytest.mark.parametrize(("change", "rules"), BUNDLES)
def test_a_bundle_is_refused_for_what_is_wrong(
    bench: Bench, change: Callable[[Resource], None], rules: list[str]
) -> None:
    bundle = a_bundle(bench)
    change(bundle)
    assert broken(provide, pdsm.read_provide_bundle(bundle), a_user()) == rules


def test_a_replacement_may_carry_the_patch_of_what_it_replaces(bench: Bench) -> None:
    bundle = a_bundle(bench, a_document(1), replaced={"Document01": "urn:uuid:old"})
    assert bundle["entry"][-1]["request"]["method"] == "PATCH"
    assert broken(provide, pdsm.read_provide_bundle(bundle), a_user()) == []


def test_the_custodian_may_be_the_legal_entity(bench: Bench) -> None:
    bundle = a_bundle(bench)
    spoil.document(bundle)["custodian"]["identifier"]["value"] = ENTITY
    assert broken(provide, pdsm.read_provide_bundle(bundle), a_user()) == []


USUAL = f"patient.identifier={PATIENT}&status=current"
SEARCHES = [  # query, asked strictly, the rules broken
    (USUAL, False, []),
    ("status=current", False, ["required_parameters_are_there"]),
    (f"patient.identifier={PATIENT}", False, ["required_parameters_are_there"]),
    ("patient.identifier=1&status=current", False, ["the_patient_is_named_by_one_ins"]),
    (f"{USUAL},final", False, ["statuses_are_known"]),
    (f"{USUAL}&date=ge2026-01-01", False, []),
    (f"{USUAL}&date=yesterday", False, ["a_value_is_of_its_kind"]),
    (f"{USUAL}&type=", False, ["a_value_is_of_its_kind"]),
    (f"{USUAL}&type:above=1", False, ["a_modifier_is_offered"]),
    (f"{USUAL}&author.family:exact=X", False, []),
    (f"{USUAL}&colour=red", False, []),
    (f"{USUAL}&colour=red", True, ["an_unknown_parameter_is_refused_when_asked"]),
]


@pytest.mark.parametrize(("query", "is_strict", "rules"), SEARCHES)
def test_a_search_is_refused_for_what_is_wrong(
    query: str, is_strict: bool, rules: list[str]
) -> None:
    pairs = [tuple(part.partition("=")[::2]) for part in query.split("&")]
    asked = read_query("DocumentReference", pairs)  # type: ignore[arg-type]
    assert broken(search, pdsm.read_search(asked, is_strict=is_strict)) == rules


PATCHES = [
    (write_status("entered-in-error"), True, []),
    (write_status("entered-in-error"), False, ["a_document_has_the_identifier"]),
    (write_patch(("replace", "/title", "x")), True, ["only_three_elements_change"]),
    (write_patch(("copy", "/status", "x")), True, ["an_operation_is_offered"]),
]


@pytest.mark.parametrize(("operations", "is_known", "rules"), PATCHES)
def test_a_patch_is_refused_for_what_is_wrong(
    operations: list[Resource], is_known: bool, rules: list[str]
) -> None:
    read = pdsm.read_patch({"operations": operations})
    assert broken(patch, read, Patching("1.2.3", is_known)) == rules


CALLERS = [
    (Shown(), []),
    (Shown(is_anonymous=True), ["somebody_calls"]),
    (Shown(trouble="expired"), ["somebody_calls"]),
    (Shown(bound_to="a", thumbprint="a"), []),
    (Shown(bound_to="a", thumbprint="b"), ["a_bound_token_comes_with_its_certificate"]),
    (Shown(is_known=False), ["the_caller_is_of_the_invented_country"]),
    (Shown(works_for=ENTITY, certified=ENTITY), []),
    (
        Shown(works_for=ENTITY, certified=STRUCTURE),
        ["the_person_works_for_the_structure_of_the_certificate"],
    ),
    (Shown(purpose="bris_de_glace"), []),
    (Shown(purpose="urgence"), ["the_access_mode_is_known"]),
]


@pytest.mark.parametrize(("shown", "rules"), CALLERS)
def test_a_caller_is_refused_for_what_they_show(shown: Shown, rules: list[str]) -> None:
    assert broken(fhir_caller, shown) == rules
