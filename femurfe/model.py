"""A model is mesh, material and load case; solving it gives a result or an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from femurfe import memory
from femurfe.arrays import Floats
from femurfe.errors import InvalidMaterial, Unbalanced, warn
from femurfe.fem.constraints import Constraints
from femurfe.fem.driving import driving
from femurfe.fem.forces import resultant
from femurfe.fem.kept import Kept, KeptSets
from femurfe.fem.linear import SolverLog, SolverOptions, solve_linear
from femurfe.fem.stiffness import compile_for, path_of, solving_plans, stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.system import LoadVectors, System, check_supported, load_vectors, prescribed_field
from femurfe.kernels import ahead
from femurfe.kernels import threads as threading
from femurfe.kernels.plan import judging_plan
from femurfe.loads.base import LoadCase, Platen, Support
from femurfe.loads.unit import content
from femurfe.materials.field import MaterialField
from femurfe.mesh.core import Mesh
from femurfe.result import Result

BALANCE = 1e-6
REMEDY = "take a larger mesh size or order 1"
# Bytes per unknown of a solve, and more for each load: the largest measured at 0.1 to 0.7 million
# unknowns with one and four loads, and a quarter on top. Four-point cells are aggregated at once,
# without order coarsening, which takes most of theirs.
BYTES_PER_UNKNOWN = {
    "tet4": (3400.0, 80.0), "tet10": (320.0, 210.0), "assembled": (3400.0, 80.0), "voxel": (200.0, 110.0),
}  # fmt: skip
Report = Callable[[str, int, float], None]


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """What is solved.

    Raises
    ------
    InvalidMaterial
        If the material field and the mesh differ in their number of cells.
    """

    mesh: Mesh
    materials: MaterialField
    load_case: LoadCase

    def __post_init__(self) -> None:
        if self.materials.n_cells != self.mesh.n_cells:
            message = f"the material field has {self.materials.n_cells} cells, the mesh {self.mesh.n_cells}"
            raise InvalidMaterial(message, code="E-MATERIAL-SIZE")


def solve(
    model: Model,
    options: SolverOptions | None = None,
    *,
    threads: int | None = None,
    report: Report | None = None,
) -> Result:
    """Solve one model.

    Raises
    ------
    NotConverged, Unbalanced, InvalidLoad, TooLarge
        Instead of a result that is not right.
    """
    return solve_all([model], options, threads=threads, report=report)[0]


def solve_all(
    models: Sequence[Model],
    options: SolverOptions | None = None,
    *,
    threads: int | None = None,
    report: Report | None = None,
    kept: KeptSets | None = None,
) -> list[Result]:
    """Solve models, with one set-up for those of equal mesh, material and supports.

    Models of one mesh and equal supports share more than that: tetrahedra keep the parts of the
    set-up that do not change, and start from the best combination of earlier answers. What is
    solved first under some supports starts from zero, and if alone equals `solve` in every bit; other
    answers differ from it within the tolerance, by what was solved before or together with them.

    Parameters
    ----------
    kept : of earlier calls, and for later ones; its memory is free when it is. The first of a
        call starts from zero without it.
    report : called with the load cases' names, the iteration and the relative residual.
    """
    results: dict[int, Result] = {}
    shared = KeptSets() if kept is None else kept
    with threading.using(threads) as n_threads:
        for ids in _sharing(models):
            group = [models[i] for i in ids]
            chosen = options or SolverOptions()
            key = (chosen, *map(_support_key, group[0].load_case.supports))
            try:
                solved = _solve_group(group, chosen, n_threads, report, shared.of(group[0].mesh, key))
            except MemoryError as error:
                what = f"a mesh of {group[0].mesh.n_points} points"
                raise memory.exhausted(what, REMEDY) from error
            results.update(zip(ids, solved, strict=True))
    return [results[i] for i in range(len(models))]


def begin_compiling(cases: Sequence[LoadCase], options: SolverOptions, threads: int | None) -> None:
    """Let helper processes compile what solving and judging ten-point meshes under these cases calls.

    Parameters
    ----------
    threads : that solving is going to use; all if None.
    """
    if options.method not in ("auto", "multigrid"):
        return
    sharing = Counter(tuple(map(_support_key, case.supports)) for case in cases)
    platens = any(isinstance(support, Platen) for case in cases for support in case.supports)
    plans = [plan for k in sharing.values() for plan in solving_plans(k, platens=platens)]
    judging = judging_plan(threading.chosen())
    with threading.using(threads):
        ahead.start(*dict.fromkeys(plans), judging)


def _sharing(models: Sequence[Model]) -> list[list[int]]:
    """Indices of the models that share mesh, material and supports."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for i, model in enumerate(models):
        key = id(model.mesh), id(model.materials), *map(_support_key, model.load_case.supports)
        groups.setdefault(key, []).append(i)
    return list(groups.values())


def _support_key(support: Support) -> tuple[Any, ...]:
    """Equal for supports that hold the same motions, whatever their prescribed values."""
    if isinstance(support, Platen):
        support = replace(support, prescribed=dict.fromkeys(support.prescribed, 0.0))
    return content(support)


def _solve_group(
    models: list[Model], options: SolverOptions, n_threads: int, report: Report | None, kept: Kept
) -> list[Result]:
    mesh, materials = models[0].mesh, models[0].materials
    cases = tuple(model.load_case for model in models)
    base, per_load = BYTES_PER_UNKNOWN[path_of(mesh, materials.moduli)]
    needed = 3 * mesh.n_points * (base + per_load * len(models))
    memory.require(needed, f"a mesh of {mesh.n_points} points", REMEDY)
    start = perf_counter()
    constraints = kept.constraints(partial(_constrained, mesh, cases[0]))
    vectors = load_vectors(mesh, constraints, cases)
    values = materials.young, materials.poisson, materials.moduli
    compile_for(mesh, materials.moduli, constraints, len(cases), options)
    make = partial(stiffness_for, mesh, *values, constraints, options)
    system = System(kept.stiffness(values, make), constraints)
    fixed = prescribed_field(constraints, vectors.motions)
    right = constraints.reduce(vectors.forces - system.field_force(fixed)) + vectors.body_forces
    constraints.project(right)
    assembled = perf_counter() - start
    names = ", ".join(case.name for case in cases)
    progress = None if report is None else (lambda i, r: report(names, i, r))
    unknowns, log = solve_linear(mesh, system, right, options, progress, kept)
    log.seconds["assembly"] = assembled
    return results_of(mesh, system, cases, vectors, unknowns, fixed, log, n_threads)


def _constrained(mesh: Mesh, case: LoadCase) -> Constraints:
    constraints = constrain(mesh, case.supports)
    check_supported(mesh, constraints, case.name)
    return constraints


def results_of(
    mesh: Mesh, system: System, cases: tuple[LoadCase, ...], vectors: LoadVectors,
    unknowns: Floats, fixed: Floats, log: SolverLog, n_threads: int,
) -> list[Result]:  # fmt: skip
    """The results of solved unknowns, with reactions, and balances checked.

    Parameters
    ----------
    unknowns : (n_unknowns, 3, k); fixed : (n_points, 3, k) displacements by prescribed motions alone.

    Raises
    ------
    Unbalanced
        If loads and reactions do not balance.
    """
    c = system.constraints
    field = c.expand(unknowns) + fixed
    motions = unknowns + vectors.motions
    internal = system.stiffness.apply(field)
    reaction = internal - vectors.forces
    supported = np.zeros(c.n_points, dtype=bool)
    supported[np.concatenate([c.held, c.slaves, c.spring_points])] = True
    reaction[~supported] = 0.0
    out = []
    for k, case in enumerate(cases):
        platens = _platens(c, motions[..., k], reaction[..., k], vectors.body_forces[..., k])
        work = 0.5 * float((field[..., k] * internal[..., k]).sum())
        balance = _balance(mesh, field[..., k], vectors.forces[..., k], reaction[..., k], internal[..., k])
        _check_balance(case.name, balance)
        warn_of_large_motion(mesh, case.name, field[..., k])
        primary = driving(case, vectors.primary[..., k], field[..., k], platens)
        record = _record(log, k, balance, n_threads)
        out.append(
            Result(field[..., k], reaction[..., k], vectors.forces[..., k], work, platens, primary, record)
        )
    return out


def _platens(
    c: Constraints, motions: Floats, reaction: Floats, loads: Floats
) -> dict[str, dict[str, Floats]]:
    out = {}
    for i, body in enumerate(c.bodies):
        rows = slice(c.n_points + 2 * i, c.n_points + 2 * i + 2)
        total = np.einsum("nim,ni->m", c.modes[i], reaction[body.slaves]) / body.scales
        load = loads[rows].reshape(6) / body.scales
        out[body.name] = {
            "motion": motions[rows].reshape(6) * body.scales,
            "force": load,
            "reaction": total - load,
        }
    return out


def _balance(
    mesh: Mesh, field: Floats, force: Floats, reaction: Floats, internal: Floats
) -> dict[str, float]:
    """Relative errors of force, moment and energy balance."""
    centre = mesh.points.mean(axis=0)
    length = float(np.ptp(mesh.points, axis=0).max())
    total, moment = resultant(mesh.points, force + reaction, centre)
    size = max(float(np.abs(force).sum() + np.abs(reaction).sum()), 1e-300)
    external = float((field * (force + reaction)).sum())
    energy = float((field * internal).sum())
    scale = max(abs(energy), float(np.abs(field * internal).sum()) * 1e-3, 1e-300)
    return {
        "force": float(np.linalg.norm(total)) / size,
        "moment": float(np.linalg.norm(moment)) / (size * length),
        "energy": abs(external - energy) / scale,
    }


def _check_balance(case: str, balance: dict[str, float]) -> None:
    for name, error in balance.items():
        if not error <= BALANCE:
            message = f"load case {case!r}: {name} balance is off by {error:.1e} (allowed {BALANCE:.0e})"
            raise Unbalanced(message)


def warn_of_large_motion(mesh: Mesh, case: str, field: Floats) -> None:
    """Warn if displacements (n_points, 3) are over a tenth of the mesh's size."""
    largest = float(np.linalg.norm(field, axis=1).max())
    size = float(np.ptp(mesh.points, axis=0).max())
    if largest > 0.1 * size:
        warn(
            "W-RESULT-LARGE",
            f"load case {case!r}: displacements reach {largest:.3g} mm, over a tenth of the model's "
            f"{size:.3g} mm; the linear theory does not hold",
        )


def _record(log: SolverLog, k: int, balance: dict[str, float], n_threads: int) -> dict[str, Any]:
    return {
        "method": log.method, "reason": log.reason, "n_unknowns": log.n_unknowns, "threads": n_threads,
        "iterations": log.iterations[k], "residual": log.residual[k], "balance": balance,
        "seconds": dict(log.seconds), "peak_mb": memory.peak_mb(),
    }  # fmt: skip
