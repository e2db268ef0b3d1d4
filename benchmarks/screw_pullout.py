"""A screw pulled out of trabecular bone, with and without cement, at every rung of the interface ladder.

    python benchmarks/screw_pullout.py [--order 2] [--size 2.5] [--out benchmarks/results/screw_pullout.json]

Prints and writes stiffness, ultimate force and energy of each rung, how far each is from the others,
the closed formula of ASTM F543, and the trends of the literature beside what came out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import perf_counter

from femurfe.fem.drive import Leg
from femurfe.fem.linear import SolverOptions
from femurfe.fem.steps import NewtonOptions
from femurfe.interfaces import LADDER
from femurfe.materials import interface_properties
from femurfe.pullout import PullOutTest, pull_out

DENSITIES = {"osteoporotic": 0.16, "normal": 0.2}
MANTLES = {"without cement": 0.0, "with cement": 12.0}
PRESS_FIT = 0.02
FAR = {"bonded": 0.1, "compliant": 0.1, "cohesive": 0.5, "frictional": 0.2}
TRENDS = (
    "bonded against contact: stiffness +19 %, ultimate force +26 % (Stefanek, micro-FE of screws in radii)",
    "cement: +460 N (solid) to +622 N (fenestrated) in lumbar pedicles (Leichtle 2016, Bone Joint Res 5:419)",
    "pedicle screws: 180, 370, 970 N in extremely osteoporotic, osteoporotic, normal bone (PMC6002167)",
)


def run(density: float, mantle: float, kind: str, order: int, size: float) -> dict[str, float | str]:
    """One pull-out: stiffness, ultimate force (of rungs that have one), energy, and the formula."""
    start = perf_counter()
    test = PullOutTest(density, cement_diameter=mantle, order=order, size=size)
    out = pull_out(
        test, kind, [Leg(FAR[kind], first=0.05, most=0.1)],
        press_fit=PRESS_FIT if kind == "frictional" else 0.0, options=SolverOptions(method="direct"),
        newton=NewtonOptions(fall=0.5),
    )  # fmt: skip
    pitch = interface_properties("screw_bone").value("thread_pitch")
    return {
        "stiffness_N_per_mm": out.stiffness,
        "ultimate_N": out.peak if kind in ("cohesive", "frictional") else float("nan"),
        "energy_Nmm": out.energy, "formula_N": out.formula(pitch), "end": out.path.end,
        "n_points": out.parted.model.mesh.n_points, "seconds": perf_counter() - start,
    }  # fmt: skip


def biases(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """How much stiffer, in percent, each rung is than each below it."""
    values = {kind: row["stiffness_N_per_mm"] for kind, row in rows.items()}
    return {
        f"{a} against {b}": 100.0 * (values[a] / values[b] - 1.0)
        for i, a in enumerate(LADDER)
        for b in LADDER[i + 1 :]
    }


def main() -> None:
    """Run all, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--order", type=int, default=2)
    parser.add_argument("--size", type=float, default=2.5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "screw_pullout.json")
    given = parser.parse_args()
    found = {}
    for bone, density in DENSITIES.items():
        for mantle, diameter in MANTLES.items():
            rows = {kind: run(density, diameter, kind, given.order, given.size) for kind in LADDER}
            name = f"{bone} ({density:g} g/cm3), {mantle}"
            found[name] = {"rungs": rows, "stiffness_bias_percent": biases(rows)}
            print(name)
            for kind, row in rows.items():
                stiff, ultimate = row["stiffness_N_per_mm"], row["ultimate_N"]
                print(f"  {kind:11s} {stiff:9.0f} N/mm  {ultimate:7.0f} N  {row['end']}")
            formula = next(iter(rows.values()))["formula_N"]
            print(f"  formula of ASTM F543, screw in bone alone: {formula:.0f} N")
            for pair, bias in found[name]["stiffness_bias_percent"].items():
                print(f"  {pair}: {bias:+.1f} %")
    given.out.write_text(json.dumps({"found": found, "literature": TRENDS}, indent=2) + "\n")


if __name__ == "__main__":
    main()
