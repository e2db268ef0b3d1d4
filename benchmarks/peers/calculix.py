"""CalculiX with SPOOLES or one of its iterative solvers; writes a deck and reads the printed answer.

The time is that of the whole run of ``ccx``: it reads its deck and prints within it. One static
step per load. Its answers are printed with seven digits.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import Clock, Problem, arguments, finish, peak_mb

SOLVERS = {"spooles": "SPOOLES", "cholesky": "ITERATIVE CHOLESKY", "scaling": "ITERATIVE SCALING"}
KIND = {1: "C3D4", 2: "C3D10"}


def deck(path: Path, problem: Problem, solver: str) -> None:
    """Write the problem; cells of one pair of constants share a material, numbers fit 20 letters."""
    constants = np.stack([problem.young, problem.poisson], axis=1)
    pairs, which = np.unique(constants, axis=0, return_inverse=True)
    which = which.ravel()
    n = len(problem.points)
    with path.open("w") as file:
        file.write("*NODE, NSET=ALL\n")
        np.savetxt(file, np.c_[np.arange(1, n + 1), problem.points], fmt="%d,%.12e,%.12e,%.12e")
        for i in range(len(pairs)):
            cells = np.flatnonzero(which == i)
            file.write(f"*ELEMENT, TYPE={KIND[problem.order]}, ELSET=E{i}\n")
            np.savetxt(file, np.c_[cells + 1, problem.cells[cells] + 1], fmt="%d", delimiter=",")
        for i, (young, poisson) in enumerate(pairs):
            file.write(f"*MATERIAL, NAME=M{i}\n*ELASTIC\n{young:.12g},{poisson:.12g}\n")
            file.write(f"*SOLID SECTION, ELSET=E{i}, MATERIAL=M{i}\n")
        file.write("*BOUNDARY\n")
        np.savetxt(file, problem.fixed + 1, fmt="%d,1,3")
        for force in problem.forces:
            file.write(f"*STEP\n*STATIC, SOLVER={SOLVERS[solver]}\n*CLOAD, OP=NEW\n")
            points, axes = np.nonzero(force)
            for point, axis in zip(points, axes, strict=True):
                file.write(f"{point + 1},{axis + 1},{force[point, axis]:.12e}\n")
            file.write("*NODE PRINT, NSET=ALL\nU\n*END STEP\n")


def displacements(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The answers (k, n, 3) in a printed file."""
    out, load = np.zeros(shape), -1
    with path.open() as file:
        for line in file:
            fields = line.split()
            if line.startswith(" displacements"):
                load += 1
            elif len(fields) == 4 and load >= 0:
                out[load, int(fields[0]) - 1] = [float(value) for value in fields[1:]]
    return out


def timed(folder: Path, threads: int) -> tuple[float, float]:
    """Seconds and peak MB of ccx on the deck in a folder."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "CCX_NPROC_EQUATION_SOLVER": str(threads)}
    start, peak = time.perf_counter(), 0.0
    with (folder / "ccx.log").open("w") as log:
        process = subprocess.Popen(["ccx", "-i", "deck"], cwd=folder, env=environment, stdout=log)
        while process.poll() is None:
            peak = max(peak, peak_mb(process.pid))
            time.sleep(0.02)
    seconds = time.perf_counter() - start
    text = (folder / "ccx.log").read_text(errors="replace")
    if process.returncode != 0 or "*ERROR" in text:
        sys.exit(f"ccx failed: {text[-2000:]}")
    return seconds, peak


def run() -> None:
    """Write the deck, run, read the answer."""
    asked, clock = arguments(*SOLVERS), Clock()
    with clock.phase("read"):
        problem = Problem(asked.mesh, asked.order)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with clock.phase("read"):
            deck(folder / "deck.inp", problem, asked.solver)
        clock.seconds["solve"], peak = timed(folder, asked.threads)
        found = displacements(folder / "deck.dat", problem.forces.shape)
    version = subprocess.run(["ccx", "-v"], capture_output=True, text=True, check=False).stdout
    finish(
        asked.out, clock, found, threads=asked.threads, method=asked.solver, peak=peak,
        version=f"CalculiX {version.split()[-1]}",
    )  # fmt: skip


if __name__ == "__main__":
    run()
