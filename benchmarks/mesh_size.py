"""How much a result depends on the mesh: sizes and fits of one study against its finest mesh.

    python benchmarks/mesh_size.py femur_neck 5.6 4.0 2.8

Prints one row per fit, size, arm and load case: stiffness, risk, and their difference in percent
from the finest conforming mesh, beside the error the run itself estimates.
"""

from __future__ import annotations

import argparse
from typing import Any

from femurfe.study.read import find_study, read_study
from femurfe.study.run import run_study

STIFFNESS = ("stiffness_N_per_mm", "stiffness_Nm_per_deg")
Rows = dict[tuple[str, str], dict[str, Any]]


def solved(study: str, fit: str, size: float) -> Rows:
    """Rows of the table of a study by arm and load case, on a mesh of a size and fit."""
    path = find_study(study)
    table = read_study(path)
    mesh = table.mesh.model_copy(update={"size_mm": size, "fit": fit, "compare_fits": False})
    done = run_study(table.model_copy(update={"mesh": mesh}), path.parent).comparison
    return {(row["arm"], row["load_case"]): row for row in done.rows()}


def stiffness(row: dict[str, Any]) -> float:
    """The one of the two that applies; NaN if neither does."""
    return next((row[name] for name in STIFFNESS if row[name] == row[name]), float("nan"))


def echo(fit: str, size: float, rows: Rows, finest: Rows) -> None:
    """Print the rows of one mesh."""
    for key, row in rows.items():
        k, best = stiffness(row), stiffness(finest[key])
        risk = 100.0 * (row["risk"] / finest[key]["risk"] - 1.0)
        print(
            f"{fit:8s} {size:6.2f} {key[0]:16s} {key[1]:14s} {k:12.5g} {100.0 * (k / best - 1.0):+8.2f} % "
            f"{row['risk']:8.4f} {risk:+8.2f} %  estimated {row['stiffness_error_percent']:5.2f} %",
            flush=True,
        )


def main() -> None:
    """Solve the finest conforming mesh first, then all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("sizes", type=float, nargs="+", help="mesh sizes, mm")
    arguments = parser.parse_args()
    smallest = min(arguments.sizes)
    finest = solved(arguments.study, "conform", smallest)
    for fit in ("conform", "label"):
        for size in sorted(arguments.sizes, reverse=True):
            known = fit == "conform" and size == smallest
            echo(fit, size, finest if known else solved(arguments.study, fit, size), finest)


if __name__ == "__main__":
    main()
