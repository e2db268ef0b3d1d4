"""What cement and screws do to strength, beside what tests of cadavers found: hits and misses alike.

    python benchmarks/strength_trends.py [--size 12] [--out benchmarks/results/strength_trends.json]

Femora of one person of the shape model in single-leg stance until they break: a critical lesion (through
the inferior cortex of the neck, as large as takes half of the strength) and one that is not (inside the
greater trochanter), without and with cement, with a screw, and with both; and a tube of cortical bone
twisted, with marrow or cement inside.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from femurfe.anatomy.tissue import REGIONS, Tissue
from femurfe.evaluate.curve import LoadCurve
from femurfe.evaluate.laws import yielding_laws
from femurfe.evaluate.parts import Part
from femurfe.fem.drive import Leg
from femurfe.fem.linear import SolverOptions
from femurfe.fem.steps import NewtonOptions
from femurfe.loads.base import MOTIONS, Fixed, LoadCase, Platen
from femurfe.materials import BoneMaterials, bone_field
from femurfe.materials.build import Filling, with_fillings
from femurfe.mesh.core import Mesh
from femurfe.mesh.solid import mesh_solid
from femurfe.mesh.topology import boundary, facet_centroids, quadratic
from femurfe.model import Model
from femurfe.path import solve_path
from femurfe.shapes import Cylinder
from femurfe.study.arms import build_arms
from femurfe.study.read import find_study, parse_study
from femurfe.study.run import averaging_of, build_inputs, ultimate_of
from femurfe.study.schema import StudyFile
from femurfe.study.ultimate import break_arm

EXAMPLE = "femur_neck_ultimate"
CRITICAL = {
    "intact": [], "lytic": ["lesion"], "cement": ["lesion", "cement"], "screw": ["lesion", "screw"],
    "screw+cement": ["lesion", "cement", "screw"],
}  # fmt: skip
RADII = {"radii_mm": [11.0, 9.0, 8.0]}
HARMLESS = {"intact": [], "lytic": ["lesion"], "cement": ["lesion", "cement"]}
INSIDE_TROCHANTER = {
    "at": "greater_trochanter", "shift_mm": {"medial": 12.0, "proximal": -20.0}, "radii_mm": [9.0, 9.0, 9.0]
}  # fmt: skip
LESIONS = {"critical": (CRITICAL, RADII), "harmless": (HARMLESS, INSIDE_TROCHANTER)}
FILLINGS = {"marrow": "tissue/marrow", "cement": "cement/pmma"}
OUTER, BORE, HEIGHT, TWIST_DEG = 14.0, 7.5, 30.0, 6.0
CORTEX_ASH = 1.2


@dataclass(frozen=True)
class Trend:
    """What tests found, and the interval of percents in which a model agrees with them.

    Attributes
    ----------
    part, one, other, what : the runs that are compared, one against the other, by which number.
    """

    name: str
    part: str
    one: str
    other: str
    what: str
    literature: str
    low: float
    high: float


MORRIS = "more than cement or screws alone, hemipelvis, in energy (Morris 2022, Clin Biomech 92)"
SAS = "Sas 2020, JMBBM 104:103648"
ANY = float("inf")
TRENDS = (
    Trend(
        "a critical neck lesion: strength (set by its size)", "critical", "lytic", "intact", "ultimate",
        "-48 % (Alexander 2013, Clin Biomech)", -63.0, -33.0,
    ),
    Trend(
        "a harmless lesion: strength", "harmless", "lytic", "intact", "ultimate",
        "none, by definition", -5.0, 0.0,
    ),
    Trend(
        "cement in a critical lesion: strength", "critical", "cement", "lytic", "ultimate",
        f"+28 +- 17 % ({SAS})", 10.0, 45.0,
    ),
    Trend(
        "cement in a critical lesion: energy", "critical", "cement", "lytic", "energy_to_ultimate",
        f"+58 +- 41 % ({SAS})", 17.0, 99.0,
    ),
    Trend(
        "cement in a critical lesion: stiffness", "critical", "cement", "lytic", "stiffness",
        f"no significant change ({SAS})", -10.0, 10.0,
    ),
    Trend(
        "cement in a harmless lesion: strength", "harmless", "cement", "lytic", "ultimate",
        f"no gain ({SAS})", -5.0, 5.0,
    ),
    Trend(
        "a screw in a critical lesion: strength", "critical", "screw", "lytic", "ultimate",
        "significant gain by two screws, numbers not at hand (Fu 2022, Front Bioeng 10:891338)", 0.0, ANY,
    ),
    Trend(
        "screw and cement against cement: energy", "critical", "screw+cement", "cement", "energy_to_ultimate",
        MORRIS, 0.0, ANY,
    ),
    Trend(
        "screw and cement against a screw: energy", "critical", "screw+cement", "screw", "energy_to_ultimate",
        MORRIS, 0.0, ANY,
    ),
    Trend(
        "cement in the canal of a twisted diaphysis: strength", "tubes", "cement", "marrow", "ultimate",
        "no difference (Cazzato 2018, Eur Radiol Exp 2:35, bending)", -5.0, 5.0,
    ),
    Trend(
        "cement in the canal of a twisted diaphysis: stiffness", "tubes", "cement", "marrow", "stiffness",
        "+1.29 % in closed form", 1.0, 1.6,
    ),
)  # fmt: skip


def study(arms: dict[str, list[str]], lesion: dict[str, Any], size: float) -> StudyFile:
    """The example that breaks its arms, with others, another lesion and other cells, in stance."""
    tables = tomllib.loads(find_study(EXAMPLE).read_text(encoding="utf-8"))
    tables["arms"], tables["loads"] = arms, {"stance": tables["loads"]["stance"]}
    tables["mesh"]["size_mm"] = size
    tables["items"]["lesion"] |= lesion
    for item in tables["items"].values():
        item["mesh_size_mm"] = 0.5 * size if item["kind"] == "screw" else size
    if not any("screw" in items for items in arms.values()):
        del tables["items"]["screw"]
    return parse_study(tables)


def stance(file: StudyFile, wanted: list[str], threads: int) -> dict[str, Any]:
    """What came of the wanted arms, on the mesh of all arms."""
    inputs = build_inputs(file, Path())
    averaging, options = averaging_of(file), ultimate_of(file)
    assert options is not None
    built = build_arms(
        inputs.bone, inputs.arms, size=file.mesh.size_mm, order=2, fit="conform", choice=inputs.materials,
        averaging=averaging,
    )  # fmt: skip
    solver, out = SolverOptions(method="multigrid"), {}
    for arm in built:
        if arm.name in wanted:
            broken = break_arm(arm, inputs.loads[0], options, solver, averaging.margin, threads, None)
            out[arm.name] = numbers(broken.curve, broken.end, len(broken.steps))
            out[arm.name]["events"] = [f"{e.region} {e.kind}" for e in broken.events]
            print(arm.name, out[arm.name], flush=True)
    return out


def numbers(curve: LoadCurve, end: str, steps: int) -> dict[str, Any]:
    """What is kept of a curve, N or N mm, mm or rad."""
    return {
        "stiffness": curve.stiffness, "ultimate": curve.ultimate,
        "energy_to_ultimate": curve.energy_to_ultimate, "end": end, "steps": steps,
    }  # fmt: skip


def tube(size: float) -> Mesh:
    """Ten-point cells of a bone tube and what is in it."""
    outer, core = (Cylinder([0.0, 0.0, 0.0], [0.0, 0.0, HEIGHT], r) for r in (OUTER, BORE))
    plain = mesh_solid([outer], size, conform=[Cylinder([0.0, 0.0, -9.0], [0.0, 0.0, HEIGHT + 9.0], BORE)])
    inside = core.contains(plain.centroids()).astype(np.int64)
    rows = boundary(plain)
    z = facet_centroids(plain, rows)[:, 2]
    surfaces = {"low": rows[z < 1e-6], "high": rows[z > HEIGHT - 1e-6]}
    return quadratic(plain.with_region(inside, {"cortical": 0, "core": 1}).with_surfaces(surfaces))


def twisted(mesh: Mesh, filling: str, threads: int) -> dict[str, Any]:
    """A tube of cortical bone with something in it, twisted until it breaks."""
    n = mesh.n_cells
    tissue = Tissue(
        np.ones(n), np.full(n, CORTEX_ASH), np.zeros(n, dtype=bool), np.full(n, REGIONS["cortical"])
    )
    field = with_fillings(bone_field(tissue, BoneMaterials()), mesh, {"core": Filling(filling)})
    platen = Platen("top", "high", prescribed={**dict.fromkeys(MOTIONS, 0.0), "rz_deg": TWIST_DEG})
    case = LoadCase("twist", (Fixed("low"), platen), measure="moment")
    parts = (Part("bone", "bone", ("cortical",), 0.0), Part("cement", "cement", ("core",), 0.0))
    path = solve_path(
        Model(mesh, field, case), yielding_laws(mesh, field, parts),
        (Leg(float(np.radians(TWIST_DEG)), first=0.02, most=0.05, finest=0.02),),
        solver=SolverOptions(method="multigrid"), threads=threads,
        newton=NewtonOptions(tolerance=1e-4, drift=0.05, fall=0.95),
    )  # fmt: skip
    curve = LoadCurve(path.motion, path.load, "moment")
    return numbers(curve, path.end, len(path.rows))


def run(parts: dict[str, dict[str, Any]], size: float, tube_size: float, threads: int, most: int) -> None:
    """Run what is missing of all parts, ``most`` of it."""
    twists = [name for name in FILLINGS if name not in parts["tubes"]][:most]
    mesh = tube(tube_size) if twists else None
    for name in twists:
        assert mesh is not None
        parts["tubes"][name] = twisted(mesh, FILLINGS[name], threads)
    most -= len(twists)
    for name, (arms, lesion) in LESIONS.items():
        wanted = [arm for arm in arms if arm not in parts[name]][: max(most, 0)]
        most -= len(wanted)
        if wanted:
            parts[name] |= stance(study(arms, lesion, size), wanted, threads)


def verdicts(parts: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What was found beside what is known, as far as its runs are there."""
    out = []
    for t in TRENDS:
        runs = parts[t.part]
        if t.one in runs and t.other in runs:
            percent = 100.0 * (runs[t.one][t.what] / runs[t.other][t.what] - 1.0)
            agrees = t.low <= percent <= t.high
            out.append({"trend": t.name, "literature": t.literature, "percent": percent, "agrees": agrees})
    return out


def main() -> None:
    """Run what is not in the file yet, print what was found beside what is known, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=float, default=12.0)
    parser.add_argument("--tube-size", type=float, default=4.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--most", type=int, default=99, help="runs to make now; the same command goes on")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results" / "strength_trends.json"
    )
    given, start = parser.parse_args(), process_time()
    kept = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
    parts = {name: dict(kept.get(name, {})) for name in ("tubes", *LESIONS)}
    run(parts, given.size, given.tube_size, given.threads, given.most)
    found = verdicts(parts)
    for row in found:
        verdict = "hit " if row["agrees"] else "MISS"
        print(f"{row['trend']:55s} {row['percent']:+8.1f} %  {verdict}  {row['literature']}")
    seconds = kept.get("processor_seconds", 0.0) + process_time() - start
    sizes = {"size_mm": given.size, "tube_size_mm": given.tube_size, "processor_seconds": seconds}
    text = json.dumps({**sizes, "trends": found, **parts}, indent=2)
    given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
