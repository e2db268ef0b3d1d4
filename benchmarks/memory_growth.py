"""Memory of one process over many solves: it must not grow.

A worker's task is called again and again in this process, each time with another density and
load on the same mesh, and with another mesh every hundred. Linux only.

    python benchmarks/memory_growth.py --solves 1000
"""

from __future__ import annotations

import argparse
import copy
import os
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from sweep_kills import STUDY

from femurfe.study.sweep.cases import Case
from femurfe.study.sweep.solve import content_of, solve_case


def main() -> None:
    """Solve, and print the memory on the way."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--solves", type=int, default=1000, help="of one arm under one load")
    options.add_argument("--warm-up", type=int, default=100, help="solves before memory counts")
    asked = options.parse_args()
    tables = tomllib.loads(STUDY.replace("DENSITIES", "[1.0]"))
    del tables["sweep"]
    start, solves, first, seen = time.monotonic(), 0, 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(10**9):
            solves += len(solve_case(content(tables, i, folder))["rows"])
            if solves >= asked.warm_up:
                first = first or resident_mb()
                seen.append(resident_mb())
            if solves % 100 == 0:
                print(
                    f"{solves} solves, {resident_mb():.1f} MB, {time.monotonic() - start:.0f} s", flush=True
                )
            if solves >= asked.solves:
                break
    print(f"after warm-up {first:.1f} MB, at most {max(seen):.1f} MB, at the end {seen[-1]:.1f} MB")
    print(f"growth {100.0 * (seen[-1] / first - 1.0):.2f} %")


def content(tables: dict[str, Any], i: int, folder: str) -> dict[str, Any]:
    """What a worker is sent of the i-th case."""
    own = copy.deepcopy(tables)
    own["items"]["lesion"]["radius_mm"] = 7.0 + 0.25 * (i // 50)
    own["materials"] = {"density_factor": 0.8 + 0.4 * (i % 50) / 50}
    own["loads"]["compression"]["force_N"] = 400.0 + i
    return content_of(Case("", "", own, {}, {}), Path(folder), 1)


def resident_mb() -> float:
    """Memory that this process holds, MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2.0**20


if __name__ == "__main__":
    main()
