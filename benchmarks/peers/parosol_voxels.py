"""ParOSol on a problem of voxels; it starts its own ranks, with the MPI that its package brings.

Its set-up and solve are what it reports itself; building its mesh and writing results count as
reading.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
from common import Clock, arguments, finish, peak_mb
from parosol_py.hdf5_io import write_parosol_input
from parosol_py.runner import build_parosol_command, mpi_runtime_environment, packaged_executable

MPA_PER_GPA = 1000.0
LEVELS = 6


def directions(index: np.ndarray) -> np.ndarray:
    """Each node (n, 3) with direction 0, then all with 1, then with 2, (3 n, 4)."""
    return np.concatenate([np.c_[index, np.full(len(index), axis)] for axis in range(3)])


def write(path: Path, problem: dict[str, np.ndarray]) -> None:
    """Write the problem as ParOSol reads it."""
    fixed, loaded = directions(problem["fixed"]), directions(problem["F_idx"])
    write_parosol_input(
        path,
        stiffness_gpa_xyz=problem["E"] / MPA_PER_GPA,
        fixed_displacement_coordinates=fixed,
        fixed_displacement_values=np.zeros(len(fixed)),
        loaded_node_coordinates=loaded,
        loaded_node_values=problem["F"].T.ravel(),
        voxel_size_mm=float(problem["h"]),
        poisson_ratio=float(problem["nu"]),
    )


def ranks_of(launcher: int) -> list[int]:
    """The processes that are ``launcher`` or that it started."""
    out = [launcher]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == launcher:
            out.append(int(folder.name))
    return out


def timed(path: Path, ranks: int, rtol: float) -> tuple[str, float]:
    """What ParOSol prints, and the peak memory of all ranks in MB."""
    command = build_parosol_command(
        executable=packaged_executable(),
        input_file=path,
        outputs=(),
        tolerance=rtol,
        level=LEVELS,
        mpi_processes=ranks,
    )
    peaks: dict[int, float] = {}
    log = path.with_suffix(".log")
    with log.open("w") as file:
        environment = mpi_runtime_environment(command)
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
        while process.poll() is None:
            for rank in ranks_of(process.pid):
                peaks[rank] = max(peaks.get(rank, 0.0), peak_mb(rank))
            time.sleep(0.05)
    text = log.read_text(errors="replace")
    if process.returncode != 0:
        sys.exit(f"ParOSol failed: {text[-2000:]}")
    return text, sum(peaks.values())


def number(text: str, name: str) -> float:
    """A number of the report at the end."""
    found = re.search(rf"#\s+{name}:\s+([-+0-9.eE]+)", text)
    if found is None:
        sys.exit(f"ParOSol reported no {name!r}: {text[-2000:]}")
    return float(found.group(1))


def displacement(path: Path, problem: dict[str, np.ndarray]) -> np.ndarray:
    """The answer on the grid of nodes, (1, nx + 1, ny + 1, nz + 1, 3) mm; zero where there is none."""
    with h5py.File(path, "r") as file:
        where, values = file["Mesh/Coordinates"][:], file["Solution/disp"][:]
    out = np.zeros((1, *(np.array(problem["E"].shape) + 1), 3))
    index = np.round(where / float(problem["h"])).astype(int)
    out[0, index[:, 0], index[:, 1], index[:, 2]] = values
    return out


def run() -> None:
    """Write the problem, run, read the answer."""
    asked, clock = arguments(), Clock()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "problem.h5"
        with clock.phase("read"):
            with np.load(asked.mesh) as file:
                problem = dict(file)
            write(path, problem)
        text, peak = timed(path, asked.threads, asked.rtol)
        found = displacement(path, problem)
    clock.seconds["setup"], clock.seconds["solve"] = number(text, "Constant"), number(text, "Solving")
    finish(
        asked.out,
        clock,
        found,
        threads=asked.threads,
        method="multigrid",
        peak=peak,
        iterations=[int(number(text, "Nr of It"))],
        residual=[number(text, "Relative residuum")],
        n_dofs=3 * int(number(text.replace("global nodes", "#  global nodes"), "global nodes")),
        version=f"parosol-py {version('parosol-py')}",
    )


if __name__ == "__main__":
    run()
