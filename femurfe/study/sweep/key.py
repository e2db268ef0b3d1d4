"""The key of a case: equal keys, equal results. It holds everything that could move a number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from femurfe.study.files import file_digest, inside_folder
from femurfe.study.provenance import PACKAGES, versions
from femurfe.study.schema import StudyFile
from femurfe.study.sweep.sources import bytes_digest, meaning_digest

NAMES = {"name", "title", "sweep", "figures"}
NO_NUMBERS = {"matplotlib", "pydantic"}


@cache
def stamp() -> str:
    """Digest of what results come from: own code and data, without what moves no number; libraries.

    The processor is not in it: machines of a cluster share results, which agree to the
    solver's tolerance.
    """
    return _with_libraries(meaning_digest())


@cache
def raw_stamp() -> str:
    """The same of all bytes, which takes a tenth of the time; equal ones have equal stamps."""
    return _with_libraries(bytes_digest())


def _with_libraries(own: str) -> str:
    digest = hashlib.sha256(own.encode())
    for name, version in versions().items():
        if name in PACKAGES and name not in NO_NUMBERS:
            digest.update(f"{name} {version}\n".encode())
    return digest.hexdigest()


def used_files(study: StudyFile, folder: Path) -> dict[str, str]:
    """SHA-256 of every surface and material file that a study names.

    A file that is missing has the digest ``"missing"``; the case will say so.
    """
    named = [study.anatomy.surface]
    keys = [study.materials.cortical, study.materials.trabecular, study.materials.medullary]
    for item in study.items.values():
        keys += [getattr(item, key, None) for key in ("material", "rim_material")]
    keys += [interface.properties for interface in study.interfaces.values()]
    named += [key for key in keys if key is not None and key.endswith(".toml")]
    return {
        name: file_digest(inside_folder(folder, name)) for name in dict.fromkeys(named) if name is not None
    }


def case_key(study: StudyFile, files: Mapping[str, str]) -> str:
    """Digest of a resolved study without its name, its files, and the code."""
    tables = study.model_dump(exclude=NAMES)
    content = {"study": _plain(tables), "files": dict(files), "stamp": stamp()}
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def batch_key(study: StudyFile) -> str:
    """Digest of a resolved study without its loads: cases with equal ones may share answers."""
    tables = study.model_dump(exclude={*NAMES, "loads"})
    text = json.dumps(_plain(tables), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _plain(value: Any) -> Any:
    """Numbers in one form: 2 is 2.0 and -0.0 is 0.0."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) + 0.0
    return value
