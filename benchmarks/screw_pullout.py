"""A screw pulled out of trabecular bone that yields, and pushed across, with and without cement.

    python benchmarks/screw_pullout.py [--order 2] [--size 2.5] [--out benchmarks/results/screw_pullout.json]

Prints and writes stiffness, ultimate force and energy of each rung of the ladder, how far each is from the
others, the closed formula of ASTM F543, what pushes the screw out to the side (cut-out), how far it migrates
under load and unload both ways, and the trends of the literature with what came out beside them; draws the
curves next to the file.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from femurfe.analysis import ladder_rows, rung_biases
from femurfe.evaluate.laws import yielding_laws
from femurfe.evaluate.parts import Part
from femurfe.fem.drive import Leg
from femurfe.fem.laws import Law
from femurfe.fem.linear import SolverOptions
from femurfe.fem.steps import NewtonOptions
from femurfe.interfaces import LADDER
from femurfe.materials import MaterialField, interface_properties
from femurfe.mesh.core import Mesh
from femurfe.pullout import PullOutTest, Way, pull_out

DENSITIES = {"osteoporotic": 0.16, "normal": 0.2}
MANTLES = {"without cement": 0.0, "with cement": 12.0}
PRESS_FIT = 0.02
LEGS: dict[Way, Leg] = {
    "along": Leg(0.6, first=0.05, most=0.1, finest=0.0125),
    "across": Leg(1.5, first=0.03, most=0.1, finest=0.01),
}
NEWTON = NewtonOptions(tolerance=1e-4, max_iterations=30, drift=0.03, fall=0.7)
CYCLES = 4
PULLS = {"frictional": 250.0, "cohesive_frictional": 700.0}
PUSH = 600.0
SIDEWAYS = ("bonded", "cohesive", "frictional")
STEFANEK = "Stefanek, Pahr & Synek, micro-FE of screws in human radii, abstract"
LEICHTLE = "Leichtle 2016, Bone Joint Res 5:419, pedicle screws in osteoporotic vertebrae, abstract"


def yielding(mesh: Mesh, materials: MaterialField) -> tuple[Law, ...]:
    """The laws of bone, cement and screw."""
    kinds = {"trabecular": "bone", "cement": "cement", "screw": "screw"}
    parts = [Part(name, kind, (name,), 1.0) for name, kind in kinds.items() if name in mesh.regions]
    return yielding_laws(mesh, materials, parts)


def run(
    density: float, mantle: float, kind: str, order: int, size: float, way: Way = "along"
) -> dict[str, Any]:
    """One test: stiffness, ultimate force (of rungs that have one), energy, and the formula."""
    start = perf_counter()
    test = PullOutTest(density, cement_diameter=mantle, order=order, size=size, way=way)
    out = pull_out(
        test, kind, [LEGS[way]], press_fit=PRESS_FIT if kind == "frictional" else 0.0, yielding=yielding,
        options=SolverOptions(method="direct"), newton=NEWTON,
    )  # fmt: skip
    return {
        "stiffness_N_per_mm": out.stiffness,
        "ultimate_N": out.peak, "energy_Nmm": out.energy,
        "formula_N": out.formula(interface_properties("screw_bone").value("thread_pitch")),
        "end": out.path.end, "n_points": out.parted.model.mesh.n_points, "seconds": perf_counter() - start,
        "motion_mm": out.motion.tolist(), "force_N": out.force.tolist(),
    }  # fmt: skip


def migrate(mantle: float, kind: str, size: float, way: Way = "along") -> dict[str, Any]:
    """Load and unload, several times: what is left of the motion after each cycle."""
    force = PULLS[kind] if way == "along" else PUSH
    legs = [Leg(load, "load", 0.25, 1e-3, 0.5) for load in (force, 0.0) * CYCLES]
    test = PullOutTest(DENSITIES["osteoporotic"], cement_diameter=mantle, order=1, size=size, way=way)
    out = pull_out(test, kind, legs, press_fit=PRESS_FIT, yielding=yielding, newton=replace(NEWTON, fall=0.0))
    ends = [m for m, row in zip(out.motion[1:], out.rows, strict=True) if abs(row.factor) < 1e-9]
    return {
        "residual_mm": [float(end) for end in ends], "largest_mm": float(out.motion.max()),
        "pull_N": force, "end": out.path.end,
        "motion_mm": out.motion.tolist(), "force_N": out.force.tolist(),
    }  # fmt: skip


def trends(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What the literature found beside what came out here, with cement and without, hits and misses."""
    weak, normal, cemented = (
        found[name]["rungs"]
        for name in ("osteoporotic, without cement", "normal, without cement", "osteoporotic, with cement")
    )
    stiff, strong = (
        weak["bonded"][name] / weak["cohesive"][name] for name in ("stiffness_N_per_mm", "ultimate_N")
    )
    gain = cemented["cohesive"]["ultimate_N"] - weak["cohesive"]["ultimate_N"]
    ratio = normal["cohesive"]["ultimate_N"] / weak["cohesive"]["ultimate_N"]
    near = weak["cohesive"]["ultimate_N"] / weak["cohesive"]["formula_N"]
    rows = (
        ("bonded over what gives way, stiffness", 1.19, stiff, STEFANEK),
        ("bonded over what gives way, ultimate force", 1.26, strong, STEFANEK),
        ("gain by cement, N, solid screws", 460.0, gain, LEICHTLE),
        ("normal over osteoporotic bone, ultimate force", 0.97 / 0.37, ratio, "PMC6002167, pedicle screws"),
        ("ultimate force over the formula", 1.05, near, "Chapman 1996, J Biomech Eng 118:391, foams"),
    )
    keys = ("trend", "literature", "here", "source")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def draw(content: dict[str, Any], path: Path) -> None:
    """Force against motion in osteoporotic bone: pulled out, pushed across, and loaded several times."""
    from femurfe.figures.style import inches, styled

    found, sideways = content["found"], content["cut_out"]
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "frameon": False}
    with styled() as make:
        figure = make(figsize=inches(180.0, 95.0), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        for mantle, style in (("without cement", "-"), ("with cement", "--")):
            draw_rungs(left, found[f"osteoporotic, {mantle}"]["rungs"], style)
            draw_rungs(middle, sideways[f"osteoporotic, {mantle}"], style)
        formula = found["osteoporotic, without cement"]["rungs"]["cohesive"]["formula_N"]
        left.axhline(formula, color="0.6", linewidth=0.6)
        for number, (name, row) in enumerate(content["migration"].items()):
            label = name.replace("_", " + ")
            right.plot(row["motion_mm"], row["force_N"], color=f"C{number}", label=label)
        for axis, title in ((left, "pulled out"), (middle, "pushed across"), (right, "loaded four times")):
            axis.set(xlabel="motion (mm)", ylabel="force (N)", title=title)
            axis.legend(title=None if axis is right else "dashed: with cement", **below)
        figure.savefig(path, dpi=200)


def draw_rungs(axis: Any, rows: dict[str, dict[str, Any]], style: str) -> None:
    """One curve for each rung, named if the line is whole."""
    for kind, row in rows.items():
        label, colour = kind if style == "-" else None, f"C{LADDER.index(kind)}"
        axis.plot(row["motion_mm"], row["force_N"], style, color=colour, label=label)


def ladder_of(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """How far the stiffness of each rung is from the others."""
    values = [row["stiffness_N_per_mm"] for row in rows.values()]
    return ladder_rows(rung_biases(list(rows), [0] * len(rows), values))


def pulled(order: int, size: float) -> dict[str, Any]:
    """All bones, mantles and rungs, printed as they come."""
    found: dict[str, Any] = {}
    for bone, density in DENSITIES.items():
        for mantle, diameter in MANTLES.items():
            rows = {kind: run(density, diameter, kind, order, size) for kind in LADDER}
            found[f"{bone}, {mantle}"] = {"density_ash": density, "rungs": rows, "ladder": ladder_of(rows)}
            print(f"{bone} ({density:g} g/cm3), {mantle}; formula {rows['bonded']['formula_N']:.0f} N")
            for kind, row in rows.items():
                stiff, most, seconds = (row[k] for k in ("stiffness_N_per_mm", "ultimate_N", "seconds"))
                print(
                    f"  {kind:11s} {stiff:9.0f} N/mm {most:7.0f} N ({seconds:.0f} s) {row['end']}", flush=True
                )
    return found


def cut_out(order: int, size: float) -> dict[str, Any]:
    """Pushed across until it cuts out: all bones and mantles, some rungs, printed as they come."""
    found: dict[str, Any] = {}
    for bone, density in DENSITIES.items():
        for mantle, diameter in MANTLES.items():
            rows = {kind: run(density, diameter, kind, order, size, "across") for kind in SIDEWAYS}
            found[f"{bone}, {mantle}"] = rows
            for kind, row in rows.items():
                stiff, most = row["stiffness_N_per_mm"], row["ultimate_N"]
                print(
                    f"across, {bone}, {mantle}, {kind}: {stiff:.0f} N/mm, {most:.0f} N; {row['end']}",
                    flush=True,
                )
    return found


def main() -> None:
    """Run all, print tables, write file and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--order", type=int, default=2)
    parser.add_argument("--size", type=float, default=2.5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "screw_pullout.json")
    given = parser.parse_args()
    migration = {
        f"{kind}, {mantle}": migrate(diameter, kind, given.size)
        for kind in PULLS
        for mantle, diameter in MANTLES.items()
    }
    migration |= {
        f"frictional, {mantle}, across": migrate(diameter, "frictional", given.size, "across")
        for mantle, diameter in MANTLES.items()
    }
    for name, row in migration.items():
        left = ", ".join(f"{1000.0 * r:.2f}" for r in row["residual_mm"])
        print(f"{name}: left after each cycle of {row['pull_N']:g} N, um: {left}; {row['end']}")
    found, sideways = pulled(given.order, given.size), cut_out(given.order, given.size)
    for row in trends(found):
        print(f"{row['trend']}: {row['here']:.3g}, literature {row['literature']:.3g} ({row['source']})")
    content = {
        "order": given.order, "size_mm": given.size, "press_fit_mm": PRESS_FIT, "found": found,
        "cut_out": sideways, "migration": migration, "trends": trends(found),
    }  # fmt: skip
    given.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    draw(content, given.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
