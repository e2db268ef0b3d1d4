"""Loading an arm until it breaks: its curve, what fails in which order, and rows of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from femurfe.arrays import Floats, Mask
from femurfe.evaluate.curve import FAILED_SHARE, LoadCurve
from femurfe.evaluate.laws import yielding_laws
from femurfe.evaluate.sequence import Event, Snapshot, Watcher
from femurfe.evaluate.strains import Geometry
from femurfe.fem.contribution import Answer
from femurfe.fem.drive import Leg, State
from femurfe.fem.laws import Law
from femurfe.fem.linear import SolverOptions
from femurfe.fem.steps import NewtonOptions, StepRow
from femurfe.interfaces import Parted
from femurfe.loads.base import LoadCase
from femurfe.mesh.io import write_mesh
from femurfe.mesh.io.atomic import write_whole
from femurfe.model import Model
from femurfe.path import Watch, driving_size, solve_path
from femurfe.study.arms import Arm
from femurfe.units import NMM_PER_NM, torsional_stiffness_nm_per_deg

Row = dict[str, Any]
FINEST = 16.0
FIRST = ("yields", "breaks")


@dataclass(frozen=True, slots=True)
class UltimateOptions:
    """How far an arm is loaded.

    Attributes
    ----------
    largest_mm, largest_deg : motion of the driving load at which a path ends.
    fall : share of the peak to which the load may fall before it ends.
    first, most : steps, as shares of the largest motion.
    tolerance, drift : see `femurfe.fem.steps.NewtonOptions`.
    snapshots : every so many steps the fields are kept, and those of the last one; 0 for none.
    breaks : ``"all"``, or ``"interfaces"`` alone, while all cells stay elastic.
    combined_deg : directions between a force (0) and a moment (90) that break the arm together, see
        `femurfe.study.combined`.
    """

    largest_mm: float = 5.0
    largest_deg: float = 10.0
    fall: float = FAILED_SHARE
    first: float = 0.05
    most: float = 0.1
    tolerance: float = 1e-4
    drift: float = 0.02
    snapshots: int = 1
    breaks: Literal["all", "interfaces"] = "all"
    combined_deg: Sequence[float] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Broken:
    """An arm that was loaded until it broke, or as far as was asked.

    Attributes
    ----------
    curve : of load and motion. steps : the table of steps. events : what failed, in order.
    snapshots : fields of some steps. end : why the path ended. log : of the solve.
    can_break : false if all of it is elastic, so that its loads are no limits.
    """

    curve: LoadCurve
    steps: tuple[StepRow, ...]
    events: tuple[Event, ...]
    snapshots: tuple[Snapshot, ...]
    end: str
    log: dict[str, Any]
    can_break: bool = True


def break_arm(
    arm: Arm, case: LoadCase, options: UltimateOptions, solver: SolverOptions | None, margin: float,
    threads: int | None, report: Callable[[StepRow], None] | None, parted: Parted | None = None,
) -> Broken:  # fmt: skip
    """Load an arm until its load has fallen or its motion is as large as asked.

    Cells within ``margin`` mm of supports and loads stay elastic, as they are left out of every
    judgement of failure. ``parted`` has the interfaces of an arm that is on a mesh parted by them.
    """
    model = Model(arm.mesh, arm.materials, case)
    watcher = Watcher(arm.mesh, options.snapshots, {} if parted is None else parted.elements)
    far = Geometry(arm.mesh).away_from_loads(case, margin)
    laws = _laws(arm, far) if options.breaks == "all" else ()
    moment = case.measure == "moment"
    end = float(np.radians(options.largest_deg)) if moment else options.largest_mm
    sign = 1.0 if case.loads else float(np.sign(driving_size(case)))
    newton = NewtonOptions(tolerance=options.tolerance, drift=options.drift, fall=options.fall)
    leg = Leg(sign * end, first=options.first, most=options.most, finest=options.first / FINEST)
    settling = () if parted is None or case.driven_platen else parted.settling(1.0)
    since = _Since(len(settling))
    path = solve_path(
        model, laws, (*settling, leg), interfaces=() if parted is None else parted.contributions,
        base=None if parted is None else parted.base_for(solver or SolverOptions()), solver=solver,
        newton=newton, watch=since.watch(watcher), report=since.report(report), threads=threads,
    )  # fmt: skip
    gauge = 1.0 if moment else float(np.ptp(arm.mesh.points, axis=0).max())
    rows = tuple(row for row in map(since.row, path.rows) if row is not None)
    curve = LoadCurve(
        np.array([0.0, *(row.motion for row in rows)]), np.array([0.0, *(row.load for row in rows)]),
        case.measure, gauge,
    )  # fmt: skip
    events, snapshots = tuple(watcher.events), tuple(watcher.series())
    can_break = bool(laws) or not (parted is None or parted.is_elastic)
    return Broken(curve, rows, events, snapshots, path.end, path.log, can_break)


class _Since:
    """Steps since a press fit came to rest: those before are passed over, and motions count from there."""

    def __init__(self, n_settling: int) -> None:
        self.n, self.rest = n_settling, 0.0

    def row(self, row: StepRow) -> StepRow | None:
        if row.step <= self.n:
            self.rest = row.motion
            return None
        return replace(row, step=row.step - self.n, motion=row.motion - self.rest)

    def report(self, report: Callable[[StepRow], None] | None) -> Callable[[StepRow], None]:
        def told(row: StepRow) -> None:
            own = self.row(row)
            if own is not None and report is not None:
                report(own)

        return told

    def watch(self, watcher: Watcher) -> Watch:
        def seen(row: StepRow, state: State, answer: Answer) -> bool:
            own = self.row(row)
            if own is None:
                watcher.rest(answer)
                return False
            return watcher.see(own, state, answer)

        return seen


def _laws(arm: Arm, far: Mask) -> tuple[Law, ...]:
    return tuple(_within(law, far) for law in yielding_laws(arm.mesh, arm.materials, arm.parts))


def _within(law: Law, far: Mask) -> Law:
    own = far[law.cells]
    sweeps = None if law.sweeps is None else law.sweeps[own]
    return Law(law.kernel, law.cells[own], law.constants[own], law.is_symmetric, sweeps)


def ultimate_columns(broken: Broken) -> Row:
    """What a broken arm adds to the row of its arm and load case."""
    curve, nan = broken.curve, float("nan")
    moment = curve.measure == "moment"

    def both(value: float) -> tuple[float, float]:
        return (nan, value / NMM_PER_NM) if moment else (value, nan)

    row: Row = {}
    for name, value in (
        ("yield", curve.yield_load), ("ultimate", curve.ultimate), ("residual", curve.residual)
    ):  # fmt: skip
        row[f"{name}_load_N"], row[f"{name}_moment_Nm"] = both(value if broken.can_break else nan)
    stiff = curve.stiffness
    row["curve_stiffness_N_per_mm"] = nan if moment else stiff
    row["curve_stiffness_Nm_per_deg"] = torsional_stiffness_nm_per_deg(stiff) if moment else nan
    row["energy_to_ultimate_Nmm"] = curve.energy_to_ultimate
    row["energy_to_failure_Nmm"] = curve.energy_to_failure
    return row | end_columns(broken)


def end_columns(broken: Broken) -> Row:
    """How a path ended, and what failed first on it."""
    first = {kind: next((e.region for e in broken.events if e.kind == kind), "") for kind in FIRST}
    return {
        "peak_reached": broken.curve.has_fallen,
        **{f"{kind}_first": region for kind, region in first.items()},
        "steps": len(broken.steps), "path_end": broken.end,
    }  # fmt: skip


def is_peak_reached(row: Row) -> bool:
    """Whether a row, as made here or as read from a file, says that the load fell after its peak."""
    return row.get("peak_reached") in (True, 1.0, "True", "1")


def step_words(row: StepRow, measure: str) -> str:
    """A step in words: its number, motion and load, and what it took."""
    motion, load, a, b = _units(measure)
    (what, unit), (size, of) = (name.split("_", 1) for name in (motion, load))
    return (
        f"step {row.step}: {what} {a * abs(row.motion):.4g} {unit}, {size} {b * abs(row.load):.4g} {of}, "
        f"{row.iterations} iterations ({row.linear} linear), residual {row.residual:.1e}, {row.seconds:.1f} s"
    )


def _units(measure: str) -> tuple[str, str, float, float]:
    """Names of the columns of motion and load, and what one unit inside is in theirs."""
    if measure == "moment":
        return "angle_deg", "moment_Nm", float(np.degrees(1.0)), 1.0 / NMM_PER_NM
    return "motion_mm", "load_N", 1.0, 1.0


def curve_rows(key: Row, broken: Broken) -> list[Row]:
    """One row per step of a path, the unloaded state as step 0; ``key`` comes first in each."""
    solving = ("iterations", "linear_iterations", "residual", "drift", "seconds")
    out: list[Row] = [_curve_row(key, broken, 0, 0.0, 0.0) | dict.fromkeys(solving, 0)]
    for row in broken.steps:
        values = (row.iterations, row.linear, row.residual, row.drift, row.seconds)
        own = _curve_row(key, broken, row.step, row.motion, row.load)
        out.append(own | dict(zip(solving, values, strict=True)))
    return out


def _curve_row(key: Row, broken: Broken, step: int, motion: float, load: float) -> Row:
    nan, (to, of, a, b) = float("nan"), _units(broken.curve.measure)
    blank = dict.fromkeys(("motion_mm", "load_N", "angle_deg", "moment_Nm"), nan)
    return {**key, "step": step, **blank, to: a * abs(motion), of: b * abs(load)}


def event_rows(key: Row, broken: Broken) -> list[Row]:
    """One row per region or interface that began to fail, in order."""
    motion, load, a, b = _units(broken.curve.measure)
    names = ("load_N", "moment_Nm", "motion_mm", "angle_deg")
    out = []
    for number, event in enumerate(broken.events, 1):
        values: Row = {"order": number, "region": event.region, "event": event.kind, "step": event.step}
        values |= dict.fromkeys(names, float("nan"))
        values[motion], values[load] = a * abs(event.motion), b * abs(event.load)
        values["x_mm"], values["y_mm"], values["z_mm"] = event.where
        out.append({**key, **values})
    return out


def write_series(arm: Arm, broken: Broken, folder: Path, name: str) -> None:
    """Write the snapshots as ``name_001.vtu`` and so on, and ``name.pvd`` that plays them by their motion."""
    lines = []
    factor = _units(broken.curve.measure)[2]
    for number, shot in enumerate(broken.snapshots, 1):
        file = f"{name}_{number:03d}.vtu"
        cells = {"plastic_strain": shot.plastic_strain, "damage": shot.damage}
        points: dict[str, Floats] = {"displacement": shot.displacement}
        write_mesh(folder / file, arm.mesh, point_data=points, cell_data=cells)
        lines.append(f'    <DataSet timestep="{factor * abs(shot.motion):.9g}" file="{file}"/>')
    text = "\n".join(
        ['<?xml version="1.0"?>', '<VTKFile type="Collection" version="0.1">', "  <Collection>", *lines,
         "  </Collection>", "</VTKFile>", ""]
    )  # fmt: skip
    write_whole(folder / f"{name}.pvd", lambda draft: _write(draft, text))


def _write(draft: Path, text: str) -> None:
    draft.write_text(text, encoding="utf-8")
