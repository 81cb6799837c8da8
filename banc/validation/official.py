"""Banc, validation, official kit: the folder of schemas and schematrons, and what judges which.

A folder is known by a digest of its files, kept beside a fingerprint of names, sizes and times so
that a second look costs a few milliseconds. Not here: compiling and running (stylesheets, judge).
Source: CI-SIS, CDA: TestContenuCDA, order of its steps.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from banc.validation.stylesheets import WrongKit
from kit.shared_file import SharedFile

SCHEMA = "infrastructure/cda/CDA_extended.xsd"
SCHEMATRONS = "schematrons"
PROFILES = (  # in the order of the official kit, after the schema and before the volet
    "profils/IHE.sch",
    "profils/CI-SIS_ModelesDeContenusCDA.sch",
    "profils/structurationMinimale/ASIP-STRUCT-MIN-StrucMin.sch",
    "profils/CI-SIS_Modeles_ANS.sch",
)
_FOLDERS = (SCHEMATRONS, "infrastructure", "jeuxDeValeurs")
_TEMPLATES = "1.2.250.1.213.1.1.1."
MAX_FILES = 20_000
MAX_BYTES = 500 * 1024 * 1024
# Template of the document model -> schematron of its volet, as the headers of the kit state them.
VOLETS = {
    "29": "LDL-SES_2022.01",
    "21": "LDL-EES_2022.01",
    "55": "BIO-CR-BIO_2024.01",
    "59": "BIO-TROD_2024.01",
    "45": "IMG-CR-IMG_2024.01",
    "47": "IMG-DA-IMG_2024.01",
    "39": "EP-MED-DM_2024.01",
    "54": "eDISP-MED_2024.01",
    "13": "VSM_1.4_2022.01",
    "51": "IPS-FR_2024.01",
    "40": "ANEST-CR-ANEST_2022.01",
    "41": "ANEST-CR-CPA_2022.01",
    "38": "TLM-DA_2022.01",
    "8": "CANCER-FRCP_2022.01",
    "26": "CANCER-PPS_2022.01",
    "32": "CANCER-CR-GM_2022.01",
    "37": "VAC_2023.01",
    "46": "VAC-NOTE_2023.01",
    "42": "OPH-BRE_2022.02",
    "22": "DLU-EHPAD-DLU_2022.01",
    "24": "DLU-EHPAD-FLUDR_2022.01",
}
VOLETS_OF_CODES = {"85208-7": "TLM-CR_2022.01"}  # a model without a template of its own


@dataclass(frozen=True, slots=True)
class OfficialKit:
    """An official kit: its folder, and the digest of what it holds."""

    folder: Path
    digest: str

    def schematron(self, name: str) -> Path:
        """The file of a schematron, by its name below ``schematrons``."""
        return self.folder / SCHEMATRONS / name

    def volet(self, templates: tuple[str, ...], code: str) -> str:
        """The schematron of a document's model, "" when the kit has none for it."""
        numbers = [item.removeprefix(_TEMPLATES) for item in templates]
        found = [VOLETS[number] for number in VOLETS if number in numbers]
        stem = next(iter(found), VOLETS_OF_CODES.get(code, ""))
        name = f"CI-SIS_{stem}.sch"
        return name if stem and self.schematron(name).is_file() else ""


def open_kit(folder: Path, memory: Path | None = None) -> OfficialKit:
    """The kit in a folder. memory: where digests are remembered. Raises WrongKit."""
    real = folder.resolve()
    wanted = [SCHEMA, *(f"{SCHEMATRONS}/{name}" for name in PROFILES)]
    absent = [name for name in wanted if not (real / name).is_file()]
    if absent:
        raise WrongKit(f"{folder} is no official CDA kit: {', '.join(absent)} absent")
    files = _files(real)
    seen = _fingerprint(real, files)
    known = _remembered(memory)
    if seen not in known:
        known = {seen: _digest(real, files)}
        if memory is not None:
            SharedFile(memory).write(known)
    return OfficialKit(real, known[seen])


def _files(folder: Path) -> list[str]:
    """Names of all files, sorted. Raises WrongKit when a link leads outside."""
    found: list[str] = []
    for name in _FOLDERS:
        for at, folders, files in os.walk(folder / name):
            inside = [os.path.join(at, item) for item in (*folders, *files)]
            for path in filter(os.path.islink, inside):
                if not Path(path).resolve().is_relative_to(folder):
                    raise WrongKit(f"{path}: a link that leads outside the kit")
            found += [os.path.relpath(os.path.join(at, item), folder) for item in files]
            if len(found) > MAX_FILES:
                raise WrongKit(f"{folder}: more than {MAX_FILES} files")
    return sorted(found)


def _fingerprint(folder: Path, files: list[str]) -> str:
    state = hashlib.sha256(str(folder).encode())
    total = 0
    for name in files:
        seen = os.stat(folder / name)
        total += seen.st_size
        state.update(f"{name}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode())
    if total > MAX_BYTES:
        raise WrongKit(f"{folder}: more than {MAX_BYTES} bytes")
    return state.hexdigest()


def _digest(folder: Path, files: list[str]) -> str:
    state = hashlib.sha256(str(folder).encode())  # its stylesheets name the folder
    for name in files:
        content = (folder / name).read_bytes()
        state.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return state.hexdigest()


def _remembered(memory: Path | None) -> dict[str, str]:
    try:
        found = SharedFile(memory).read() if memory is not None else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
