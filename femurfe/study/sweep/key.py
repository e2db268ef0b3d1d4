"""The key of a case: equal keys, equal results. It holds everything that could move a number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from femurfe import paths
from femurfe.study.files import file_digest, inside_folder
from femurfe.study.provenance import PACKAGES, versions
from femurfe.study.schema import StudyFile

NO_NUMBERS = {"matplotlib", "pydantic"}
ASIDE = ("api", "bench", "cli", "figures", "report", "study/sweep")


@cache
def stamp() -> str:
    """Digest of what results come from: own sources and data, libraries.

    The processor is not in it: machines of a cluster share results, which agree to the
    solver's tolerance.
    """
    digest = hashlib.sha256()
    for name, version in versions().items():
        if name in PACKAGES and name not in NO_NUMBERS:
            digest.update(f"{name} {version}\n".encode())
    for path in _sources():
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    package = Path(paths.__file__).parent
    aside = [package / folder for folder in (*ASIDE, "_data")]
    for path in sorted(package.rglob("*.py")):
        if not any(path.is_relative_to(folder) for folder in aside):
            yield path
    for folder in (paths.material_library(), paths.meshes()):
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def used_files(study: StudyFile, folder: Path) -> dict[str, str]:
    """SHA-256 of every surface and material file that a study names.

    A file that is missing has the digest ``"missing"``; the case will say so.
    """
    named = [study.anatomy.surface]
    keys = [study.materials.cortical, study.materials.trabecular, study.materials.medullary]
    for item in study.items.values():
        keys += [getattr(item, key, None) for key in ("material", "rim_material")]
    named += [key for key in keys if key is not None and key.endswith(".toml")]
    return {
        name: file_digest(inside_folder(folder, name)) for name in dict.fromkeys(named) if name is not None
    }


def case_key(study: StudyFile, files: Mapping[str, str]) -> str:
    """Digest of a resolved study without its name, its files, and the code."""
    tables = study.model_dump(exclude={"name", "title", "sweep", "figures"})
    content = {"study": _plain(tables), "files": dict(files), "stamp": stamp()}
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _plain(value: Any) -> Any:
    """Numbers in one form: 2 is 2.0 and -0.0 is 0.0."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) + 0.0
    return value
