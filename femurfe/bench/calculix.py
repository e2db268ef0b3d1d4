"""CalculiX on the same mesh, material and steps: a deck, a run, and the forces it prints."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import FemurfeError
from femurfe.mesh.core import Mesh
from femurfe.mesh.io import write_mesh

PROGRAM = "ccx"


@dataclass(frozen=True, eq=False, slots=True)
class Metal:
    """Cells of one elastic and von Mises material.

    Attributes
    ----------
    cells : ids. young, poisson : MPa and 1.
    strain, strength : plastic strains from 0 on and MPa; empty for an elastic material.
    """

    cells: Ints
    young: float
    poisson: float
    strain: tuple[float, ...] = ()
    strength: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Pull:
    """Points that are held, and points that are moved in equal steps.

    Attributes
    ----------
    fixed : ids. moved : ids; motion : (n, 3) mm at the end. steps : number of equal steps.
    """

    fixed: Ints
    moved: Ints
    motion: Floats
    steps: int


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """What a run gives: the work of the reactions per step's share of the motion, and its seconds.

    Attributes
    ----------
    load : (steps,) sum of reaction times motion at the end, N mm. iterations : of all steps.
    """

    load: Floats
    iterations: int
    seconds: float


def is_there() -> bool:
    """Whether the program is on the path."""
    return shutil.which(PROGRAM) is not None


def run(folder: Path, mesh: Mesh, metals: Sequence[Metal], pull: Pull, *, threads: int = 1) -> Curve:
    """Solve with CalculiX in ``folder``, small strains.

    Raises
    ------
    FemurfeError
        If the program fails, or prints fewer steps than asked for.
    """
    write_mesh(folder / "mesh.inp", _short(mesh))
    (folder / "job.inp").write_text("\n".join(_deck(metals, pull)) + "\n", encoding="ascii")
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "CCX_NPROC_EQUATION_SOLVER": str(threads)}
    start = perf_counter()
    done = subprocess.run(
        [PROGRAM, "-i", "job"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = perf_counter() - start
    load = _work(folder / "job.dat", pull)
    if done.returncode != 0 or len(load) != pull.steps:
        message = f"CalculiX made {len(load)} of {pull.steps} steps: {done.stdout[-300:].strip()}"
        raise FemurfeError(message, code="E-BENCH-PEER")
    return Curve(load, done.stdout.count("average force="), seconds)


def _short(mesh: Mesh) -> Mesh:
    """The mesh with places to 1e-12 mm: CalculiX reads twenty characters of a number."""
    return Mesh(np.round(mesh.points, 12), mesh.cells, mesh.region, mesh.regions, mesh.surfaces)


def _deck(metals: Sequence[Metal], pull: Pull) -> Iterator[str]:
    yield "*INCLUDE, INPUT=mesh.inp"
    yield from _set("NSET", "FIXED", pull.fixed)
    yield from _set("NSET", "MOVED", pull.moved)
    for i, metal in enumerate(metals):
        yield from _set("ELSET", f"E{i}", metal.cells)
        yield f"*MATERIAL, NAME=M{i}"
        yield "*ELASTIC"
        yield f"{metal.young!r}, {metal.poisson!r}"
        if metal.strength:
            yield "*PLASTIC"
            yield from (f"{s!r}, {e!r}" for e, s in zip(metal.strain, metal.strength, strict=True))
        yield f"*SOLID SECTION, ELSET=E{i}, MATERIAL=M{i}"
    yield "*BOUNDARY"
    yield "FIXED, 1, 3"
    yield f"*STEP, INC={10 * pull.steps}"
    yield "*STATIC, DIRECT"
    yield f"{1.0 / pull.steps!r}, 1.0"
    yield "*BOUNDARY"
    for point, motion in zip((pull.moved + 1).tolist(), pull.motion.tolist(), strict=True):
        yield from (f"{point}, {i + 1}, {i + 1}, {value:.12g}" for i, value in enumerate(motion))
    yield "*NODE PRINT, NSET=MOVED"
    yield "RF"
    yield "*END STEP"


def _set(kind: str, name: str, ids: Ints) -> Iterator[str]:
    labels = (np.sort(ids) + 1).tolist()
    yield f"*{kind}, {kind}={name}"
    yield from (", ".join(map(str, labels[i : i + 12])) for i in range(0, len(labels), 12))


def _work(path: Path, pull: Pull) -> Floats:
    """The work of the printed reactions on the whole motion, for each step, (steps,)."""
    motion = dict(zip((pull.moved + 1).tolist(), pull.motion, strict=True))
    out: list[float] = []
    for line in path.read_text(encoding="ascii").splitlines() if path.is_file() else []:
        words = line.split()
        if line.lstrip().startswith("forces"):
            out.append(0.0)
        elif len(words) == 4 and out:
            out[-1] += float(motion[int(words[0])] @ np.array([float(word) for word in words[1:]]))
    return np.array(out)
