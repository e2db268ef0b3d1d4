"""The load-displacement curve of a femur beside CalculiX: same mesh, material and steps, in one run.

    python benchmarks/nonlinear_ccx.py 50000 200000 --out benchmarks/results/nonlinear.json

Bone is elastic and von Mises plastic, in classes of stiffness; the head is pushed down without turning.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from femurfe import ProximalFemur
from femurfe.bench import calculix, record
from femurfe.bench.calculix import Metal, Pull
from femurfe.fem.drive import Leg
from femurfe.fem.laws import von_mises_law
from femurfe.fem.linear import SolverOptions
from femurfe.fem.supports import surface_points
from femurfe.kernels import threads as threading
from femurfe.loads.base import MOTIONS, Fixed, LoadCase, Platen
from femurfe.materials import BoneMaterials, bone_field
from femurfe.materials.field import uniform_field
from femurfe.memory import peak_mb
from femurfe.model import Model, solve
from femurfe.path import solve_path

CLASSES = 24
REHEARSED = 16_000
HARDENING = 0.02
STILL = dict.fromkeys(MOTIONS, 0.0)


def femur_near(dofs: int) -> Any:
    """The femur and its mesh of about so many unknowns."""
    bone, size = ProximalFemur(side="left"), 4.0 * (50_000 / dofs) ** (1.0 / 3.0)
    for _ in range(3):
        mesh = bone.mesh(size, 2)
        size *= (3.0 * mesh.n_points / dofs) ** (1.0 / 3.0)
    return bone, mesh


def classed(values: Any) -> Any:
    """Values replaced by the middle of one of ``CLASSES`` classes, even in their logarithm."""
    logs = np.log(values)
    edges = np.linspace(logs.min(), logs.max() + 1e-9, CLASSES + 1)
    number = np.digitize(logs, edges) - 1
    return np.exp(0.5 * (edges[number] + edges[number + 1])), number


def problem(dofs: int, down: float) -> Any:
    """The model, its laws and the materials of the classes."""
    bone, mesh = femur_near(dofs)
    field = bone_field(bone.tissue(mesh), BoneMaterials())
    young, number = classed(field.young)
    strength = np.where(np.isnan(field.limits["compression_strength"]), np.inf, 1.0) * young * 0.007
    strength = np.where(young < 50.0, np.inf, strength)
    metals, yields = [], np.isfinite(strength)
    for k in np.unique(number):
        for flag in (False, True):
            cells = np.flatnonzero((number == k) & (yields == flag))
            if len(cells):
                e, s = float(young[cells[0]]), float(strength[cells[0]])
                table = ((0.0, 1.0), (s, s + HARDENING * e)) if flag else ((), ())
                metals.append(Metal(cells, e, 0.3, *table))
    cells = np.flatnonzero(yields)
    top = np.stack([strength[cells], strength[cells] + HARDENING * young[cells]], axis=1)
    law = von_mises_law(cells, young[cells], np.full(len(cells), 0.3), [0.0, 1.0], top)
    case = LoadCase("push", (Fixed("distal"), Platen("head", "head", prescribed={**STILL, "z": -down})))
    model = Model(mesh, uniform_field(mesh.n_cells, young, np.full(mesh.n_cells, 0.3)), case)
    return model, law, metals


def measured(dofs: int, down: float, steps: int, *, peer: bool) -> dict[str, Any]:
    """Both programs on one problem."""
    model, law, metals = problem(dofs, down)
    options, share = SolverOptions(method="multigrid"), 1.0 / steps
    solve(model, options)
    start = perf_counter()
    solve(model, options)
    linear, before = perf_counter() - start, peak_mb()
    start = perf_counter()
    path = solve_path(model, (law,), (Leg(-down, first=share, most=share),), solver=options)
    seconds, own = perf_counter() - start, path.load[1:] * -down
    row: dict[str, Any] = {
        "unknowns": 3 * model.mesh.n_points, "steps": len(path.rows), "end": path.end,
        "load_N": path.load[1:].tolist(), "motion_mm": path.motion[1:].tolist(),
        "iterations": sum(r.iterations for r in path.rows), "krylov": sum(r.linear for r in path.rows),
        "femurfe_s": seconds, "linear_s": linear, "peak_mb": path.log["peak_mb"], "linear_peak_mb": before,
        "seconds": path.log["parts"],
    }  # fmt: skip
    print({k: v for k, v in row.items() if k not in ("motion_mm",)}, flush=True)
    if peer:
        ids = surface_points(model.mesh, "head")
        motion = np.tile([0.0, 0.0, -down], (len(ids), 1))
        pull = Pull(surface_points(model.mesh, "distal"), ids, motion, steps)
        with tempfile.TemporaryDirectory() as folder:
            other = calculix.run(Path(folder), model.mesh, metals, pull, threads=threading.available())
        row |= {
            "calculix_s": other.seconds, "calculix_iterations": other.iterations,
            "ratio": other.seconds / seconds,
            "largest_difference": float(np.abs(own / other.load - 1.0).max()),
        }  # fmt: skip
    return row


def main() -> None:
    """Measure every size, after a small one for which kernels are compiled, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dofs", type=int, nargs="+")
    parser.add_argument("--down", type=float, default=1.2, help="motion of the head, mm")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--alone", action="store_true", help="without CalculiX")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    measured(REHEARSED, given.down, given.steps, peer=False)
    results = []
    for dofs in given.dofs:
        results.append(measured(dofs, given.down, given.steps, peer=not given.alone))
        print({k: v for k, v in results[-1].items() if k not in ("load_N", "motion_mm")}, flush=True)
    if given.out:
        settings = {"down_mm": given.down, "steps": given.steps, "classes": CLASSES}
        record.write(given.out, record.document("nonlinear", settings, results))


if __name__ == "__main__":
    main()
