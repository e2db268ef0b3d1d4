"""What one case has made and the next can use: bone, solids, mesh, tissue, labels, answers."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from femurfe.errors import FemurfeWarning
from femurfe.study.files import file_digest, inside_folder
from femurfe.study.schema import StudyFile

T = TypeVar("T")
MATERIALS = {"material", "rim_material", "young_MPa", "poisson", "rim_young_MPa"}


class Keep(Protocol):
    """Gives what ``make`` makes, or made before of the same."""

    def __call__(self, kind: str, make: Callable[[], T]) -> T:
        """A value of a kind, as ``make`` makes it."""


def anew(kind: str, make: Callable[[], T]) -> T:
    """What ``make`` makes; nothing is kept."""
    del kind
    return make()


class Kept:
    """The last of each kind that was made, with the warnings it gave.

    A value from here is the one that would be made anew, and warns of the same.
    """

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, Any, list[tuple[str, str]]]] = {}

    def keep_for(self, keys: Mapping[str, str]) -> Keep:
        """A `Keep` for a study whose kinds have these keys."""

        def keep(kind: str, make: Callable[[], T]) -> T:
            return self._get(kind, keys[kind], make)

        return keep

    def _get(self, kind: str, key: str, make: Callable[[], T]) -> T:
        if kind not in self._last or self._last[kind][0] != key:
            self._last.pop(kind, None)  # two meshes at once may be too much
            with recorded() as notes:
                value = make()
            self._last[kind] = (key, value, notes)
        _, found, notes = self._last[kind]
        for code, text in notes:
            warnings.warn(FemurfeWarning(code, text), stacklevel=2)
        return found  # type: ignore[no-any-return]


def geometry_keys(study: StudyFile, folder: Path) -> dict[str, str]:
    """Digests of what bone, solids, mesh and the rest are made of, by kind.

    Materials and loads are in none of them; items are not in the mesh of voxels.

    Parameters
    ----------
    folder : of the study file; the bytes of a surface count.
    """
    bone: list[Any] = [study.anatomy.model_dump()]
    if study.anatomy.surface is not None:
        bone.append(file_digest(inside_folder(folder, study.anatomy.surface)))
    items = [(name, table.model_dump(exclude=MATERIALS)) for name, table in study.items.items()]
    solids = [*bone, items, list(study.arms.items())]
    mesh = [*(bone if study.mesh.kind == "voxel" else solids), study.mesh.model_dump()]
    both = [solids, mesh]
    keys = {
        "bone": bone, "solids": solids, "defects": solids, "mesh": mesh, "tissue": mesh, "geometry": mesh,
        "responses": mesh, "labels": both, "placements": both,
    }  # fmt: skip
    return {kind: hashlib.sha256(json.dumps(parts).encode()).hexdigest() for kind, parts in keys.items()}


@contextmanager
def recorded() -> Iterator[list[tuple[str, str]]]:
    """Collect femurfe's warnings as (code, text); others pass through."""
    notes: list[tuple[str, str]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
    for warning in caught:
        if not isinstance(warning.message, FemurfeWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
            continue
        note = (warning.message.code, warning.message.message)
        if note not in notes:
            notes.append(note)
