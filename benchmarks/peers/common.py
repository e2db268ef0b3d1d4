"""What the peers' scripts share: arguments, the problem file, a clock, memory, the answer's files.

No femurfe here: each script runs in its peer's own Python.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

COUNTED = ("assembly", "setup", "solve")


def arguments(*solvers: str) -> argparse.Namespace:
    """What every script is asked: problem, where to write, tolerance, threads, its solver."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mesh", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="without an ending; .json and .npy are added")
    parser.add_argument("--order", type=int, default=2, choices=(1, 2))
    parser.add_argument("--rtol", type=float, default=1e-8)
    parser.add_argument("--threads", type=int, default=2)
    if solvers:
        parser.add_argument("--solver", choices=solvers, default=solvers[0])
    return parser.parse_known_args()[0]


class Problem:
    """The arrays of a problem of tetrahedra, of one order; ``forces`` is (k, n, 3)."""

    def __init__(self, path: Path, order: int) -> None:
        with np.load(path) as file:
            self.points, self.cells = file["points"], file["tets"]
            self.young, self.poisson, self.fixed = file["E"], file["nu"], file["fixed"]
            self.forces = file["F2" if order == 2 else "F1"]
            n = len(self.points) if order == 2 else int(file["nv"])
        self.points, self.fixed = self.points[:n], self.fixed[self.fixed < n]
        self.cells = np.ascontiguousarray(self.cells[:, : 10 if order == 2 else 4])
        self.order = order

    def lame(self) -> tuple[np.ndarray, np.ndarray]:
        """Lame's constants of the cells, MPa."""
        e, nu = self.young, self.poisson
        return e * nu / ((1 + nu) * (1 - 2 * nu)), e / (2 * (1 + nu))

    def held(self) -> np.ndarray:
        """The numbers of the held unknowns, three per point."""
        return (3 * self.fixed[:, None] + np.arange(3)).ravel()


def rigid_modes(points: np.ndarray) -> np.ndarray:
    """The six rigid motions at points (n, 3), as (3 n, 6)."""
    x, y, z = (points - points.mean(axis=0)).T
    modes = np.zeros((len(points), 3, 6))
    modes[:, [0, 1, 2], [0, 1, 2]] = 1.0
    modes[:, 0, 3], modes[:, 1, 3] = -y, x
    modes[:, 1, 4], modes[:, 2, 4] = -z, y
    modes[:, 2, 5], modes[:, 0, 5] = -x, z
    return modes.reshape(-1, 6)


class Clock:
    """Seconds by phase; ``import`` is what passed from the start of the process until it was made."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(("import", "read", "compile", *COUNTED), 0.0)
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        self.seconds["import"] = time.clock_gettime(time.CLOCK_BOOTTIME) - started

    @contextmanager
    def phase(self, name: str):
        """Add the time inside to a phase."""
        start = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - start


def peak_mb(process: int | str = "self") -> float:
    """Largest memory that a running process has held since its program was loaded, MB."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmHWM")), 0.0)


def finish(
    out: Path,
    clock: Clock,
    displacement: np.ndarray,
    *,
    threads: int,
    method: str,
    peak: float,
    iterations: list[int] | None = None,
    residual: list[float] | None = None,
    n_dofs: int | None = None,
    version: str = "",
) -> None:
    """Write the answer (k, n, 3) and the record beside it."""
    record = {
        "n_dofs": n_dofs or int(displacement[0].size),
        "threads": threads,
        "method": method,
        "iterations": iterations,
        "residual": residual,
        "seconds": {**clock.seconds, "total": sum(clock.seconds[name] for name in COUNTED)},
        "peak_mb": peak,
        "version": version,
    }
    np.save(out.with_name(out.name + ".npy"), displacement)
    out.with_name(out.name + ".json").write_text(json.dumps(record, indent=1), encoding="utf-8")
