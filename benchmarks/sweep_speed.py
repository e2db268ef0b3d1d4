"""What one (case, arm, load) costs in a sweep, in a process of its own, and in CalculiX.

50 cases (five lesions, five densities, two body weights) x 4 arms x 2 loads on a femur of about
200,000 unknowns are swept with ``femurfe sweep``. The same model of one arm under one load is
solved by ``femurfe solve`` in fresh processes, with an empty and with a filled store of compiled
kernels, and by ``ccx`` from a deck of the same mesh, materials by cell, supports and loads, whose
displacements are compared. Each part can be run on its own; figures of the others are kept.

    python benchmarks/sweep_speed.py cold sweep ccx
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from femurfe.bench import record
from femurfe.study.sweep.design import design_from
from femurfe.study.sweep.sealed import journal_lines
from femurfe.study.sweep.store import Store

HERE = Path(__file__).parent
OUT = HERE / "results" / "sweep_speed.json"
CELLS = {4: "C3D4", 10: "C3D10"}
STUDY = """
name = "speed"
[anatomy]
kind = "proximal_femur"
side = "left"
subject = 6
[mesh]
size_mm = 4.3
[items.lesion]
kind = "defect"
shape = "ellipsoid"
at = "inferior_neck"
shift_mm = { medial = -2.0, proximal = 6.0 }
radii_mm = [15.0, 12.0, 11.0]
along = "neck"
volume_ml = 6.0
[items.cement]
kind = "cement"
fills = "lesion"
fraction = 0.9
[items.screw]
kind = "screw"
start = "lateral_entry"
end = "head_centre"
past_end_mm = 8.0
shift_mm = { proximal = -5.0 }
diameter_mm = 7.3
core_diameter_mm = 5.3
cannula_diameter_mm = 2.8
[arms]
intact = []
lytic = ["lesion"]
cement = ["lesion", "cement"]
"screw+cement" = ["lesion", "cement", "screw"]
[loads.stance]
case = "single_leg_stance"
body_weight_N = 750.0
[loads.torsion]
case = "torsion"
moment_Nm = 10.0
[sweep]
method = "grid"
[sweep.parameters]
"items.lesion.volume_ml".values = [3.0, 4.5, 6.0, 7.5, 9.0]
"materials.density_factor".values = [0.8, 0.9, 1.0, 1.1, 1.2]
"loads.stance.body_weight_N".values = [650.0, 850.0]
"""
Cost = dict[str, float]
N_CASES, N_ARMS, N_LOADS = 50, 4, 2


def main() -> None:
    """Measure what was asked for, and print and keep all figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("parts", nargs="+", choices=("cold", "sweep", "ccx"))
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options.add_argument("--folder", type=Path, help="where the sweep goes")
    options.add_argument("--seconds", type=float, help="after which the sweep begins no more cases")
    options.add_argument("--arms", nargs="+", default=["lytic", "screw+cement"], help="to solve apart")
    options.add_argument("--loads", nargs="+", default=["stance", "torsion"], help="the same")
    options.add_argument("--out", type=Path, default=OUT)
    options.add_argument("--solver", choices=SOLVERS, default="spooles")
    asked = options.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the sweep is to hear it, in whatever shell
    kept = json.loads(asked.out.read_text()) if asked.out.exists() else {"results": [{}]}
    figures: dict[str, Any] = dict(kept["results"][0])
    with tempfile.TemporaryDirectory() as name:
        study = Path(name) / "speed.toml"
        study.write_text(STUDY)
        for part in asked.parts:
            print(f"{part} ...", flush=True)
            figures[part] = {**MEASURED[part](study, asked), "machine": record.machine()}
    figures["ratios"] = ratios(figures)
    record.write(asked.out, record.document("sweep speed", {"cases": N_CASES}, [figures]))
    print(json.dumps(figures, indent=1))


def ratios(figures: dict[str, Any]) -> dict[str, Cost]:
    """What a cold solve and a deck cost over what one (case, arm, load) of the sweep costs."""
    own = figures.get("sweep", {}).get("each")
    others = {
        "cold_filled_cache": figures.get("cold", {}).get("filled_cache"),
        "cold_empty_cache": figures.get("cold", {}).get("empty_cache"),
        "ccx": figures.get("ccx", {}).get("each"),
    }
    return {n: {k: v[k] / own[k] for k in own} for n, v in others.items() if v and own}


@contextmanager
def counted(cost: Cost) -> Iterator[None]:
    """Write down the seconds, and those of processor time, of the processes run within."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    yield
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost["seconds"] = time.perf_counter() - start
    cost["processor_seconds"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each measure."""
    return {name: statistics.median(cost[name] for cost in costs) for name in costs[0]}


# A process for each


def measure_cold(study: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Seconds of whole processes of ``femurfe solve``: the first with no compiled kernels, then with."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "FEMURFE_CACHE": cache, "NUMBA_CACHE_DIR": cache}
        pairs = [(arm, load) for arm in asked.arms for load in asked.loads]
        empty = one_solve(study, *pairs[0], environment)
        for load in asked.loads:
            one_solve(study, asked.arms[-1], load, environment)  # compiles what its supports take
        filled = [one_solve(study, *pair, environment) for pair in pairs]
    return {
        "threads": os.cpu_count(), "empty_cache": empty, "filled_cache": middle(filled),
        "filled_cache_all": dict(zip(map("/".join, pairs), filled, strict=True)),
    }  # fmt: skip


def one_solve(study: Path, arm: str, load: str, environment: dict[str, str]) -> Cost:
    """What one ``femurfe solve`` takes."""
    cost: Cost = {}
    words = ["solve", str(study), "--arm", arm, "--load", load, "--quiet"]
    command = [sys.executable, "-m", "femurfe", *words]
    with counted(cost):
        subprocess.run(command, check=True, env=environment, capture_output=True)
    return cost


# The sweep


def measure_sweep(study: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Seconds of the whole command over all its cases, and of cases with a new mesh and a kept one."""
    with tempfile.TemporaryDirectory() as name:
        place = asked.folder or Path(name) / "sweep"
        before = n_done(place)
        cost: Cost = {}
        words = ["sweep", str(study), "--jobs", str(asked.jobs), "--out", str(place), "--quiet"]
        command = [sys.executable, "-m", "femurfe", *words]
        with counted(cost), subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(asked.seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)  # it brings the cases in work to an end
        n = n_done(place) - before
        kinds = {kind: statistics.median(found) for kind, found in by_kind(place).items() if found}
    each = {name: value / (n * N_ARMS * N_LOADS) for name, value in cost.items()}
    return {"jobs": asked.jobs, "cases": n, "all": cost, "each": each, "median_case_s": kinds}


def n_done(place: Path) -> int:
    """Number of cases that a sweep has kept."""
    return len(list((place / "cases").rglob("*.json"))) if place.exists() else 0


def by_kind(place: Path) -> dict[str, list[float]]:
    """Seconds of the cases that met a lesion first, met a bone first, and differ in body weight alone."""
    head = Store(place).design()
    rows = dict(zip(head["keys"], design_from(head).rows, strict=True))
    out: dict[str, list[float]] = {"new_mesh": [], "new_material": [], "new_load": []}
    begun: dict[str, tuple[float, str]] = {}
    seen: set[Any] = set()
    for event in journal_lines(place / "journal" / "1-of-1.jsonl"):
        if event["event"] == "begun":
            lesion, density, _ = rows[event["key"]]
            kind = "new_load" if (lesion, density) in seen else "new_material"
            begun[event["key"]] = event["at_s"], kind if lesion in seen else "new_mesh"
            seen |= {lesion, (lesion, density)}
        elif event["event"] == "done":
            start, kind = begun[event["key"]]
            out[kind].append(event["at_s"] - start)
    return out


# CalculiX

SOLVERS = {"spooles": "SPOOLES", "cholesky": "ITERATIVE CHOLESKY"}


def measure_ccx(study: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Seconds of ``ccx`` on decks of the study as it stands, and how far its answers are from femurfe's."""
    from femurfe.model import Model, solve
    from femurfe.study.arms import build_arms
    from femurfe.study.read import read_study
    from femurfe.study.run import averaging_of, build_inputs

    table = read_study(study)
    inputs = build_inputs(table, study.parent)
    built = build_arms(
        inputs.bone, inputs.arms, size=table.mesh.size_mm, order=table.mesh.order, fit=table.mesh.fit,
        choice=inputs.materials, averaging=averaging_of(table),
    )  # fmt: skip
    decks = []
    for arm in (arm for arm in built if arm.name in asked.arms):
        for case in (case for case in inputs.loads if case.name in asked.loads):
            model = Model(arm.mesh, arm.materials, case)
            displacement = solve(model).displacement
            with tempfile.TemporaryDirectory() as name:
                cost, found = run_deck(Path(name), model, asked.solver)
            difference = np.abs(found - displacement).max() / np.abs(displacement).max()
            deck = {"arm": arm.name, "load": case.name, **cost, "difference": float(difference)}
            decks.append({**deck, "unknowns": 3 * arm.mesh.n_points})
            print(f"  {deck}", flush=True)
    each = middle([{name: deck[name] for name in ("seconds", "processor_seconds")} for deck in decks])
    return {"solver": asked.solver, "decks": decks, "n_decks": len(decks), "each": each}


def run_deck(folder: Path, model: Any, solver: str) -> tuple[Cost, np.ndarray]:
    """The cost of a whole run of ``ccx`` on the model's deck, and its displacements (n_points, 3)."""
    (folder / "deck.inp").write_text("\n".join(deck_lines(model, SOLVERS[solver])) + "\n")
    threads = str(os.cpu_count())
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "CCX_NPROC_EQUATION_SOLVER": threads}
    cost: Cost = {}
    with counted(cost):
        command = ["ccx", "-i", "deck"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0 or "*ERROR" in done.stdout:
        sys.exit(f"ccx failed: {done.stdout[-2000:]}")
    return cost, printed_displacements(folder / "deck.dat", model.mesh.n_points)


def deck_lines(model: Any, solver: str) -> Iterator[str]:
    """A deck of one step: mesh, one material for each pair of constants, supports, loads."""
    from femurfe.fem.forces import nodal_forces
    from femurfe.fem.supports import surface_points
    from femurfe.loads import Fixed, PlatenLoad

    mesh, field, case = model.mesh, model.materials, model.load_case
    yield "*NODE, NSET=NALL"
    yield from (f"{i},{x:.12e},{y:.12e},{z:.12e}" for i, (x, y, z) in enumerate(mesh.points.tolist(), 1))
    pairs, which = np.unique(np.stack([field.young, field.poisson], axis=1), axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    starts = np.searchsorted(which.ravel()[order], np.arange(len(pairs) + 1))
    for i in range(len(pairs)):
        yield f"*ELEMENT, TYPE={CELLS[mesh.cells.shape[1]]}, ELSET=E{i}"
        for cell in order[starts[i] : starts[i + 1]]:
            yield ",".join(map(str, [cell + 1, *(mesh.cells[cell] + 1)]))
    for i, (young, poisson) in enumerate(pairs):
        yield f"*MATERIAL, NAME=M{i}\n*ELASTIC\n{young:.12g},{poisson:.12g}"
        yield f"*SOLID SECTION, ELSET=E{i}, MATERIAL=M{i}"
    forces = []
    for support in case.supports:
        held = surface_points(mesh, support.surface) + 1
        if isinstance(support, Fixed):
            yield "*BOUNDARY"
            yield from (f"{point},1,3" for point in held)
        else:
            yield from platen_lines(mesh.n_points, support, held)
    for load in case.loads:
        if isinstance(load, PlatenLoad):
            forces += [(mesh.n_points + 1, axis, value) for axis, value in enumerate(load.force, 1)]
            forces += [(mesh.n_points + 2, axis, value) for axis, value in enumerate(load.moment, 1)]
        else:
            nodal = nodal_forces(mesh, load)
            forces += [(i + 1, k + 1, nodal[i, k]) for i, k in np.argwhere(nodal != 0.0)]
    yield f"*STEP\n*STATIC, SOLVER={solver}\n*CLOAD"
    yield from (f"{point},{axis},{value:.12e}" for point, axis, value in forces)
    yield "*NODE PRINT, NSET=NALL\nU\n*END STEP"


def platen_lines(n_points: int, platen: Any, held: np.ndarray) -> Iterator[str]:
    """A rigid body whose translations and turns are two more nodes; its axes are those of space."""
    axes = np.abs(platen.axes)
    if platen.springs or any(platen.prescribed.values()) or not np.allclose(axes, np.eye(3), atol=1e-9):
        sys.exit("only platens along the axes, without springs and given motions, are written here")
    x, y, z = platen.centre
    yield f"*NODE\n{n_points + 1},{x:.12e},{y:.12e},{z:.12e}\n{n_points + 2},{x:.12e},{y:.12e},{z:.12e}"
    yield "*NSET, NSET=GRIP"
    yield from (f"{point}," for point in held)
    yield f"*RIGID BODY, NSET=GRIP, REF NODE={n_points + 1}, ROT NODE={n_points + 2}\n*BOUNDARY"
    for i, motion in enumerate(("x", "y", "z", "rx_deg", "ry_deg", "rz_deg")):
        if motion in platen.prescribed:
            yield f"{n_points + 1 + i // 3},{i % 3 + 1},{i % 3 + 1}"


def printed_displacements(path: Path, n_points: int) -> np.ndarray:
    """The displacements (n_points, 3) in a printed file."""
    out = np.zeros((n_points, 3))
    with path.open() as file:
        for line in file:
            fields = line.split()
            if len(fields) == 4 and fields[0].isdigit() and int(fields[0]) <= n_points:
                out[int(fields[0]) - 1] = [float(value) for value in fields[1:]]
    return out


MEASURED = {"cold": measure_cold, "sweep": measure_sweep, "ccx": measure_ccx}

if __name__ == "__main__":
    main()
