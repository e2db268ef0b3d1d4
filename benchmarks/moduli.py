"""Iterations on one mesh whatever its moduli: two materials by halves, balls, layers and cubes, or by chance.

    python benchmarks/make_mesh.py --dofs 200000 --out f200k.npz
    python benchmarks/moduli.py f200k.npz --json results/moduli_200k.json

The softest cells have 1 MPa. A residual that double precision does not allow is told as such: what carries
the load is then much softer than something that moves far with it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from femurfe.arrays import Floats, Mask
from femurfe.bench import record
from femurfe.bench.clock import Clock
from femurfe.bench.problem import Problem, read_problem
from femurfe.bench.solve import timed_solve
from femurfe.errors import NotConverged
from femurfe.fem.linear import SolverOptions
from femurfe.kernels import threads

CONTRASTS = (1e2, 1e4, 1e6)
BALL = (0.0, 0.0, 90.0), 9.0
LAYER, CUBE, WAVE = 6.0, 8.0, 5.0


def fields(problem: Problem, contrast: float) -> Iterator[tuple[str, Floats]]:
    """Names and moduli (n_cells,) MPa."""
    x = problem.mesh.centroids()
    any_of = np.random.default_rng(0).random(len(x))
    ball = np.linalg.norm(x - BALL[0], axis=1) < BALL[1]

    def stiff(where: Mask) -> Floats:
        return np.where(where, contrast, 1.0)

    yield "lower half stiff", stiff(x[:, 2] < np.median(x[:, 2]))
    yield "ball soft", stiff(~ball)
    yield "ball stiff", stiff(ball)
    yield "shell stiff", stiff(np.hypot(x[:, 0], x[:, 1]) > 11.0)
    yield f"layers of {LAYER:g} mm", stiff(np.floor(x[:, 2] / LAYER) % 2 == 1)
    yield f"cubes of {CUBE:g} mm", stiff(np.floor(x / CUBE).sum(axis=1) % 2 == 1)
    yield "waves", contrast ** (0.5 + 0.5 * np.sin(x / WAVE).prod(axis=1))
    yield "by cell: any", contrast**any_of
    yield "by cell: one of two", stiff(any_of > 0.5)
    yield "by cell: a tenth soft", stiff(any_of > 0.1)
    yield "by cell: a tenth stiff", stiff(any_of < 0.1)


def solved(problem: Problem, young: Floats) -> dict[str, object]:
    """Iterations, residual and seconds of one solve, and whether it met the tolerance."""
    clock, options = Clock(), SolverOptions("multigrid")
    try:
        log = timed_solve(replace(problem, young=young), options, clock)[1]
    except NotConverged as error:
        return {"met": False, "iterations": error.iterations, "residual": error.residual, "why": str(error)}
    seconds = round(clock.report()["total"], 3)
    return {"met": True, "iterations": max(log.iterations), "residual": max(log.residual), "seconds": seconds}


def told(found: dict[str, object]) -> str:
    """One cell of the table."""
    if found["met"]:
        return f"{found['iterations']} ({found['seconds']:.2f} s)"
    limited = "double precision" in str(found["why"])
    return f"{found['residual']:.0e} {'is rounding' if limited else 'reached'}"


def main() -> None:
    """All fields at all contrasts, as a table and, if asked for, as a file."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("mesh", type=Path, help="a file of make_mesh.py")
    parser.add_argument("--order", type=int, choices=(1, 2), default=2, help="1: the four-point cells")
    parser.add_argument("--json", type=Path, help="file for the figures")
    asked = parser.parse_args()
    problem, results = read_problem(asked.mesh, asked.order), []
    with threads.using(None):
        solved(problem, np.ones(problem.mesh.n_cells))  # what compiles is not timed
        for contrast in CONTRASTS:
            for name, young in fields(problem, contrast):
                found = solved(problem, young)
                results.append({"field": name, "contrast": contrast, **found})
                print(f"{name:24s} {contrast:8.0e}  {told(found)}", flush=True)
    if asked.json is not None:
        settings = {"n_dofs": problem.n_dofs, "order": asked.order, "threads": threads.available()}
        record.write(asked.json, record.document("moduli", settings, results))


if __name__ == "__main__":
    main()
