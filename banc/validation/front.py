"""Banc, validation, front: what is wrong in a file, by all that can judge it.

``from banc import validate`` gives ``validate``. Our own rules always judge; the official kit
does when it is there. Not here: each kind of file (document, archive, metadata, assertion),
printing (screens).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banc.validation import document
from banc.validation.calling import PATIENCE_SECONDS, Caller, StillLoading, caller_of
from banc.validation.judge import CannotJudge, Progress
from banc.validation.kinds import Opened, opened
from banc.validation.report import Found, Kind, Report, told
from banc.validation.stylesheets import WrongKit
from kit.rules import Malformed
from kit.settings import Settings, from_env

if TYPE_CHECKING:
    from mocks.dmp.messages.submission import ProvidedDocument

MAX_FILE_BYTES = 64 * 1024 * 1024
NO_KIT = "the rules of Banc only: no official kit (give --kit DIR, or BANC_CONFORMANCE_DIR/cda)"


class CannotValidate(Exception):
    """What was asked for cannot be done; one line for the user."""


@dataclass(frozen=True, slots=True)
class Validator:
    """Judges files one after the other. caller: None without the official kit; why then in note.

    at: the instant a VIHF is judged at, bench time by default. patience: seconds to wait for
    the kit; when it is still loading, the report says so (``waiting``).
    """

    settings: Settings
    caller: Caller | None = None
    note: str = NO_KIT
    profiles: bool = True
    at: datetime | None = None
    patience: float = PATIENCE_SECONDS
    say: Progress = lambda _: None

    def file(self, path: Path) -> Report:
        """The report of a file on disk."""
        try:
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            why = "it is a directory" if error.errno == errno.EISDIR else error.strerror
            return Report(str(path), unusable=told(why or "cannot be read"))
        return self.content(content, str(path))

    def content(self, content: bytes, name: str) -> Report:
        """The report of bytes. name: as the report calls them."""
        if len(content) > MAX_FILE_BYTES:
            return Report(name, unusable=f"larger than {MAX_FILE_BYTES} bytes")
        try:
            found = opened(content)
        except Malformed as error:
            return Report(name, unusable=told(str(error)))
        try:
            return self._judged(found).report(name, found.kind)
        except (Malformed, CannotJudge) as error:
            return Report(name, found.kind, unusable=told(str(error)))

    def _judged(self, found: Opened) -> Found:
        if found.kind is Kind.CDA:
            return self._document(found.content)
        from banc.validation import archive, assertion, metadata  # a second of imports

        if found.kind is Kind.XDM:
            return archive.judge(found.content, self.settings, self._with_entry)
        if found.kind is Kind.VIHF:
            return assertion.judge(found.content, self.settings, self.at)
        assert found.root is not None
        judged = metadata.judge_message(
            found.root, found.attachments, self.settings, self._with_entry
        )
        if found.has_assertion:
            judged += assertion.judge(found.content, self.settings, self.at).inside("VIHF")
        return judged

    def _document(self, content: bytes) -> Found:
        return document.judge(content) + self._official(content)

    def _with_entry(self, item: ProvidedDocument) -> Found:
        found = document.judge_with_entry(item)
        if item.cda is not None and item.content is not None:
            found += self._official(item.content)
        return found.inside(item.entry.entry_uuid)

    def _official(self, content: bytes) -> Found:
        if self.caller is None:
            return Found(notes=tuple(filter(None, [self.note])))
        try:
            return self.caller.judge(
                content, profiles=self.profiles, patience=self.patience, say=self.say
            )
        except StillLoading:
            return Found(waiting=True)


def validator(
    settings: Settings,
    *,
    kit: Path | None = None,
    with_kit: bool = True,
    profiles: bool = True,
    at: datetime | None = None,
) -> Validator:
    """Who judges. kit: a folder that must work; else the one of the settings, when it works.

    Raises CannotValidate.
    """
    made = Validator(settings, profiles=profiles, at=at)
    if not with_kit:
        return replace(made, note="")
    folder = kit or settings.conformance_dir / "cda"
    if kit is None and not folder.is_dir():
        return made
    try:
        return replace(made, caller=caller_of(folder, settings.data_dir))  # fmt: skip
    except (CannotJudge, WrongKit) as error:
        if kit is not None:
            raise CannotValidate(str(error)) from None
        return replace(made, note=f"the rules of Banc only: {error}")


def validate(
    what: Path | str | bytes,
    *,
    kit: Path | str | None = None,
    with_kit: bool = True,
    profiles: bool = True,
    settings: Settings | None = None,
) -> Report:
    """What is wrong in a CDA, an IHE_XDM.ZIP, a VIHF or XDS metadata: a path, or the bytes.

    kit: folder of the official CDA kit; by default BANC_CONFORMANCE_DIR/cda where it exists.
    profiles: False leaves out its four general profiles. Raises CannotValidate when ``kit`` is
    given and cannot be used.
    """
    judge = validator(
        settings or from_env(), kit=Path(kit) if kit else None, with_kit=with_kit,
        profiles=profiles,
    )  # fmt: skip
    if isinstance(what, bytes):
        return judge.content(what, "document")
    return judge.file(Path(what))


def for_pages(settings: Settings) -> Callable[..., Mapping[str, Any]]:
    """Who judges for the console: bytes and a name in, the report as a mapping out."""

    def judge(content: bytes, name: str, *, profiles: bool, patience: float) -> Mapping[str, Any]:
        made = validator(settings, profiles=profiles)
        return replace(made, patience=patience).content(content, name).as_dict()

    return judge
