"""What a solve leaves: displacements, reactions, and an honest log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

import numpy as np

from femurfe.arrays import Floats, frozen
from femurfe.errors import UnreadableFile
from femurfe.mesh.io.atomic import write_whole


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """The answer for one model under one load case.

    Attributes
    ----------
    displacement : (n_points, 3) mm.
    reaction : (n_points, 3) N, the forces of the supports on the points.
    force : (n_points, 3) N, the loads on the points; loads on platens are in ``platens``.
    work : N mm, work of all loads and prescribed motions at full load, halved (elastic energy).
    platens : by name, the six motions (mm, rad) and the six forces (N, N mm) of each platen
        in its own axes: ``{"motion": (6,), "force": (6,), "reaction": (6,)}``.
    primary : magnitude and conjugate of the driving load: ``{"load": N or N mm, "motion": mm or
        rad}``, the motion being the one on which that load does its work.
    log : method, iterations, residual, balance errors, seconds by phase, memory, versions.
    """

    displacement: Floats
    reaction: Floats
    force: Floats
    work: float
    platens: Mapping[str, Mapping[str, Floats]]
    primary: Mapping[str, float]
    log: Mapping[str, Any]

    def __post_init__(self) -> None:
        for name in ("displacement", "reaction", "force"):
            object.__setattr__(self, name, frozen(getattr(self, name), float))
        for name in ("platens", "primary", "log"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def times(self, factor: float) -> Result:
        """The answer to loads and motions that much larger; the log is of the one that was solved."""
        platens = {
            name: {key: factor * values for key, values in own.items()} for name, own in self.platens.items()
        }
        primary = {name: factor * value for name, value in self.primary.items()}
        return Result(
            factor * self.displacement, factor * self.reaction, factor * self.force, factor**2 * self.work,
            platens, primary, self.log,
        )  # fmt: skip

    def __reduce__(self) -> tuple[object, ...]:
        platens = {name: dict(values) for name, values in self.platens.items()}
        fields = self.displacement, self.reaction, self.force, self.work
        return Result, (*fields, platens, dict(self.primary), dict(self.log))


def save_result(result: Result, path: Path) -> None:
    """Write a result to an ``.npz`` file, whole or not at all.

    Raises
    ------
    FemurfeError
        If the file cannot be written.
    """
    content = {
        "work": result.work,
        "platens": {n: {k: v.tolist() for k, v in p.items()} for n, p in result.platens.items()},
        "primary": dict(result.primary),
        "log": dict(result.log),
    }

    def write(draft: Path) -> None:
        with draft.open("wb") as file:
            np.savez_compressed(
                file,
                displacement=result.displacement,
                reaction=result.reaction,
                force=result.force,
                rest=np.frombuffer(json.dumps(content).encode(), dtype=np.uint8),
            )

    write_whole(path, write)


def load_result(path: Path) -> Result:
    """The result in a file that `save_result` wrote.

    Raises
    ------
    UnreadableFile
        If the file is missing or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            rest = json.loads(bytes(file["rest"]))
            displacement, reaction, force = (file[n] for n in ("displacement", "reaction", "force"))
        platens = {n: {k: np.array(v) for k, v in p.items()} for n, p in rest["platens"].items()}
        return Result(displacement, reaction, force, rest["work"], platens, rest["primary"], rest["log"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, BadZipFile) as error:
        message = f"{path.name} holds no result: {error}"
        raise UnreadableFile(message, code="E-FILE-RESULT") from error
