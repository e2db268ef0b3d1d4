"""A screw pulled out of a block of bone along its axis, as in ASTM F543, or across it until it cuts out.

The block, with or without cement, is held at the rim of its upper face and the screw, flush with it, is
loaded at its head. The thread is a smooth cylinder of its outer diameter on which the interface acts. By
symmetry a quarter is solved, or a half if the load goes across; forces and energies are of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from femurfe.anatomy.tissue import UniformTissue
from femurfe.arrays import Floats, Ints, positive
from femurfe.constructs.thread import pull_out_force
from femurfe.errors import InvalidPart, NotConverged, UnknownName
from femurfe.fem.drive import Leg
from femurfe.fem.laws import Law, drucker_prager_constants
from femurfe.fem.linear import SolverOptions
from femurfe.fem.steps import NewtonOptions, StepRow
from femurfe.interfaces import Interface, Kind, Parted, part
from femurfe.loads.base import Fixed, Force, LoadCase, Roller
from femurfe.materials.build import BoneMaterials, Filling, bone_field, with_fillings
from femurfe.materials.field import MaterialField
from femurfe.mesh.core import Mesh
from femurfe.mesh.sizing import Refinement, SizeField
from femurfe.mesh.solid import mesh_solid
from femurfe.mesh.topology import boundary, facet_areas, facet_centroids, quadratic
from femurfe.model import Model
from femurfe.path import LoadPath, Report, solve_path
from femurfe.shapes import Cylinder, HalfSpace

Yielding = Callable[[Mesh, MaterialField], tuple[Law, ...]]
Way = Literal["along", "across"]
# Axes across the planes of symmetry, and the axis of the load, for each way.
PLANES: dict[Way, tuple[int, ...]] = {"along": (0, 1), "across": (1,)}
LOADED: dict[Way, int] = {"along": 2, "across": 0}
BONE, SCREW, CEMENT = "trabecular", "screw", "cement"
SCREW_BONE, SCREW_CEMENT = "interface/screw_bone", "interface/screw_cement"
CEMENT_BONE = "interface/cement_bone"


@dataclass(frozen=True, slots=True)
class PullOutTest:
    """A screw in a round block of trabecular bone.

    Attributes
    ----------
    density_ash : of the bone, g/cm3; law : key of its density law.
    diameter, core_diameter : of the thread, mm. length : in the bone, mm.
    cement_diameter : of a mantle about the lower part of the screw, mm; none if zero.
    cement_length : of the screw that is in cement, mm, from its tip.
    block_diameter, block_height : mm; rim_diameter : of the opening of what holds its upper face.
    size : of the cells at the screw, mm; order : 1 or 2.
    screw, cement : keys of materials.
    way : ``"along"`` pulls the screw out, ``"across"`` pushes its head to the side.

    Raises
    ------
    InvalidPart
        If the parts do not fit into each other.
    UnknownName
        If there is no such way.
    """

    density_ash: float
    diameter: float = 7.3
    core_diameter: float = 5.1
    length: float = 20.0
    cement_diameter: float = 0.0
    cement_length: float = 12.0
    block_diameter: float = 40.0
    block_height: float = 30.0
    rim_diameter: float = 28.0
    size: float = 2.0
    order: int = 2
    law: str = "bone/morgan_2003_femoral_neck"
    screw: str = "metal/ti6al4v"
    cement: str = "cement/pmma"
    way: Way = "along"

    def __post_init__(self) -> None:
        if self.way not in PLANES:
            raise UnknownName("way", self.way, PLANES)
        for name in ("density_ash", "core_diameter", "length", "size"):
            positive(getattr(self, name), name, "g/cm3" if name == "density_ash" else "mm")
        mantle = (self.cement_diameter,) if self.cement_diameter else ()
        ascending = (self.core_diameter, self.diameter, *mantle, self.rim_diameter, self.block_diameter)
        fits = self.length < self.block_height and 0.0 < self.cement_length < self.length
        ordered = all(a < b for a, b in pairwise(ascending))
        if not (ordered and fits):
            message = (
                "a pull-out test needs core < thread < cement < rim < block diameters, a screw shorter than "
                f"the block and cement shorter than the screw, got {ascending} mm, {self.length:g} mm in "
                f"{self.block_height:g} mm and {self.cement_length:g} mm of cement"
            )
            raise InvalidPart(message, code="E-PART-PULLOUT")

    @property
    def parts(self) -> int:
        """How many parts like the solved one the whole has."""
        return int(2 ** len(PLANES[self.way]))

    @property
    def depth(self) -> float:
        """Depth of the thread, mm."""
        return 0.5 * (self.diameter - self.core_diameter)


@dataclass(frozen=True, eq=False, slots=True)
class PullOut:
    """What a pull-out test gave.

    Attributes
    ----------
    parted : the part that was solved; path : its steps, whose loads are of that part.
    settling : how many of them, at the start, let a press fit come to rest; motions count from there.
    """

    test: PullOutTest
    parted: Parted
    path: LoadPath
    settling: int = 0

    @property
    def rows(self) -> tuple[StepRow, ...]:
        """The steps of the legs."""
        return self.path.rows[self.settling :]

    @property
    def motion(self) -> Floats:
        """Motion of the head of every step from the unloaded state on, mm."""
        motion = self.path.motion[self.settling :]
        return np.asarray(motion - motion[0])

    @property
    def force(self) -> Floats:
        """Force on the head of every step, N."""
        force = self.test.parts * self.path.load[self.settling :]
        return np.asarray(force - force[0])

    @property
    def peak(self) -> float:
        """The largest force, N."""
        return float(self.force.max())

    @property
    def stiffness(self) -> float:
        """Force by motion of the first step, N/mm."""
        return float(self.force[1] / self.motion[1])

    @property
    def energy(self) -> float:
        """Work of the force up to the last step, N mm."""
        return float(np.trapezoid(self.force, self.motion))

    def formula(self, pitch: float) -> float:
        """The closed formula of ASTM F543 for the screw in bone without cement, N."""
        t = self.test
        return pull_out_force(
            shear_strength(self.parted.model.materials), t.diameter, t.length, t.depth, pitch
        )


def shear_strength(materials: MaterialField) -> float:
    """Strength of the first cell of bone in pure shear, MPa, from those in tension and compression."""
    soft = int(np.argmin(materials.young))
    tension, compression = (materials.limits[f"{way}_strength"][soft] for way in ("tension", "compression"))
    return float(drucker_prager_constants(tension, compression)[1])


def pull_out_model(test: PullOutTest) -> Model:
    """A part of a block with its screw, supports and a force of 1 N on the head of the whole."""
    mesh = _mesh(test)
    planes = (Roller(f"{'xyz'[i]}0", np.eye(3)[i]) for i in PLANES[test.way])
    pull = Force("head", np.eye(3)[LOADED[test.way]] / test.parts)
    case = LoadCase("pull-out", (Fixed("rim"), *planes), (pull,), source="ASTM F543, annex A3")
    return Model(mesh, _materials(test, mesh), case)


def pull_out(
    test: PullOutTest,
    kind: Kind,
    legs: Sequence[Leg],
    *,
    press_fit: float = 0.0,
    yielding: Yielding | None = None,
    options: SolverOptions | None = None,
    newton: NewtonOptions | None = None,
    report: Report | None = None,
    threads: int | None = None,
) -> PullOut:
    """Load a screw along legs, with all its interfaces of one kind.

    Parameters
    ----------
    legs : of `femurfe.path.solve_path`; loads are of the head, N, motions mm.
    press_fit : mm by which the hole is too narrow in radius.
    yielding : gives the laws of cells from mesh and materials; all stay elastic if left out.

    Raises
    ------
    NotConverged
        If not even the first step converges.
    """
    model = pull_out_model(test)
    parted = part(model, pull_out_interfaces(test, kind, press_fit))
    chosen = options or SolverOptions()
    base = parted.base_for(chosen)
    settling = parted.settling(1.0)
    laws = () if yielding is None else yielding(parted.model.mesh, parted.model.materials)
    path = solve_path(
        parted.model, laws, (*settling, *legs), interfaces=parted.contributions, base=base, solver=chosen,
        newton=newton, report=report, threads=threads,
    )  # fmt: skip
    if len(path.rows) <= len(settling):
        message = f"the screw bears no load: {path.end}"
        raise NotConverged(message, iterations=0, residual=float("nan"))
    return PullOut(test, parted, path, len(settling))


def pull_out_interfaces(test: PullOutTest, kind: Kind, press_fit: float = 0.0) -> list[Interface]:
    """The interfaces of a test: screw and bone, and with cement those of cement too."""
    solids, z = _solids(test), np.array([0.0, 0.0, 1.0])
    bonded = kind == "bonded"
    fit = 0.0 if bonded else press_fit
    out = [Interface("screw_bone", (SCREW, BONE), kind, SCREW_BONE, fit, solid=solids[SCREW], axis=z)]
    if test.cement_diameter:
        out += [
            Interface("screw_cement", (SCREW, CEMENT), kind, SCREW_CEMENT, solid=solids[SCREW], axis=z),
            Interface("cement_bone", (CEMENT, BONE), kind, CEMENT_BONE, solid=solids[CEMENT]),
        ]
    return out


def _cylinder(low: float, high: float, diameter: float) -> Cylinder:
    return Cylinder(np.array([0.0, 0.0, low]), np.array([0.0, 0.0, high]), 0.5 * diameter)


def _solids(test: PullOutTest) -> dict[str, Cylinder]:
    """Cement and screw; the screw goes on above the block."""
    screw = {SCREW: _cylinder(-test.length, 0.5 * test.length, test.diameter)}
    if not test.cement_diameter:
        return screw
    below = 0.5 * (test.cement_diameter - test.diameter)
    high = test.cement_length - test.length
    return {CEMENT: _cylinder(-test.length - below, high, test.cement_diameter), **screw}


def _mesh(test: PullOutTest) -> Mesh:
    solids = _solids(test)
    planes = [HalfSpace(np.zeros(3), -np.eye(3)[i]) for i in PLANES[test.way]]
    block = _cylinder(-test.block_height, 0.0, test.block_diameter)
    near = tuple(Refinement(solid, test.size) for solid in solids.values())
    sizes = SizeField(0.2 * test.block_diameter, near)
    mesh = mesh_solid((block, *planes), sizes, conform=list(solids.values()))
    region, at = np.zeros(mesh.n_cells, dtype=np.int64), mesh.centroids()
    for i, solid in enumerate(solids.values(), start=1):
        region[solid.contains(at)] = i
    named = mesh.with_region(region, {BONE: 0, **{name: i for i, name in enumerate(solids, start=1)}})
    surfaced = named.with_surfaces(_surfaces(named, test))
    return quadratic(surfaced) if test.order == 2 else surfaced


def _surfaces(mesh: Mesh, test: PullOutTest) -> dict[str, Ints]:
    rows = boundary(mesh)
    at, way = facet_centroids(mesh, rows), facet_areas(mesh, rows)
    normal = way / np.linalg.norm(way, axis=1, keepdims=True)
    away = np.hypot(at[:, 0], at[:, 1])
    top = (normal[:, 2] > 0.9) & (at[:, 2] > -1e-6)
    screw = mesh.in_region(SCREW)[rows[:, 0]]
    picked = {
        "head": top & screw, "rim": top & (away > 0.5 * test.rim_diameter),
        **{f"{'xyz'[i]}0": (normal[:, i] < -0.99) & (at[:, i] < 1e-6) for i in PLANES[test.way]},
    }  # fmt: skip
    return {name: rows[mask] for name, mask in picked.items()}


def _materials(test: PullOutTest, mesh: Mesh) -> MaterialField:
    tissue = UniformTissue(test.density_ash)(mesh)
    fillings: dict[str, Any] = {SCREW: Filling(test.screw), CEMENT: Filling(test.cement)}
    return with_fillings(bone_field(tissue, BoneMaterials(trabecular=test.law)), mesh, fillings)
