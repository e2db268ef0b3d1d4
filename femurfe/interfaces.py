"""Interfaces of a model: which regions they lie between, what they transmit, and the mesh parted there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np

from femurfe.arrays import Floats, Ints, Mask, direction
from femurfe.constructs.thread import thread_shape_factor
from femurfe.errors import InvalidMaterial, InvalidPart, UnknownName
from femurfe.fem.assemble import assemble_stiffness, lame
from femurfe.fem.contribution import Tangent
from femurfe.fem.drive import Kind as Control
from femurfe.fem.drive import Leg
from femurfe.fem.facing import facing
from femurfe.fem.interface import InterfaceElements, elements
from femurfe.fem.laws import drucker_prager_constants
from femurfe.fem.linear import SolverOptions, choose_method
from femurfe.fem.operator import BlockMatrix
from femurfe.fem.reduction import block_rows
from femurfe.fem.tractions import Cohesive, CohesiveFrictional, Compliant, Frictional, Law
from femurfe.materials.field import MaterialField
from femurfe.materials.interface import BOND, STIFFNESS, InterfaceProperties
from femurfe.materials.library import interface_properties
from femurfe.mesh.core import Mesh
from femurfe.mesh.split import Pairs, split
from femurfe.mesh.topology import facet_areas
from femurfe.model import Model
from femurfe.shapes import Shape

Kind = Literal["bonded", "compliant", "cohesive", "frictional", "cohesive_frictional"]
KINDS: tuple[str, ...] = get_args(Kind)
LADDER: tuple[Kind, ...] = ("bonded", "compliant", "cohesive", "frictional")
Regions = str | tuple[str, ...]
# Stiffness of a contact over that of cells of its facets' size: penetration is a twentieth of their strain.
CONTACT = 20.0
# Share of its whole stiffness that a multigrid cycle lends an interface that has opened or slides.
STILL_WHOLE = 0.1
# The strength of what has none that is known, MPa: marrow and the like.
NOTHING = 1e-3
# The share of a load at which motions due to a press fit are taken.
SETTLING = 1e-6
# How much more energy a bond takes until it is gone than until its strength is reached, at least.
SOFTENING = 2.0
# The cosine between a normal and a thread's axis from which on a face has no thread.
ACROSS = 0.7


@dataclass(frozen=True, eq=False, slots=True)
class Interface:
    """An interface between regions, and in one word what it transmits.

    Attributes
    ----------
    name : unique among those of a model.
    between : regions on either side, each one or several; None stands for all others.
    kind : ``bonded`` (nothing moves), ``compliant`` (a thin elastic layer), ``cohesive`` (a bond
        that breaks), ``frictional`` (touching, sliding, parting), or ``cohesive_frictional``.
    properties : of the library, or a key of it.
    press_fit : mm by which the sides are pressed into each other before any load, faces across
        ``axis`` left out.
    law : used instead of one of ``kind`` made from ``properties``.
    solid : whose boundary it is; its normals are used instead of the facets'.
    axis : (3,) of a thread; faces across it, such as a screw's tip, have none and hold nothing.
    thread_scale : multiplies strength and energy of a thread in shear: the ratio of the thread's outer
        diameter to that of the cylinder in the mesh, so that the force is that of the thread.

    Raises
    ------
    InvalidPart, UnknownName
        If the kind is unknown, or a bonded interface has a press fit or a law.
    """

    name: str
    between: tuple[Regions, Regions | None]
    kind: Kind = "bonded"
    properties: InterfaceProperties | str = ""
    press_fit: float = 0.0
    law: Law | None = None
    solid: Shape | None = None
    axis: Floats | None = None
    thread_scale: float = 1.0

    def __post_init__(self) -> None:
        if self.axis is not None:
            object.__setattr__(self, "axis", direction(self.axis, "axis"))
        if self.kind not in KINDS:
            raise UnknownName("kind of interface", self.kind, KINDS)
        if not np.isfinite(self.press_fit):
            message = f"interface {self.name!r}: press_fit must be a number of mm, got {self.press_fit!r}"
            raise InvalidPart(message, code="E-INTERFACE")
        if self.kind == "bonded" and (self.press_fit or self.law is not None):
            message = f"interface {self.name!r} is bonded, so it takes neither a press fit nor a law"
            raise InvalidPart(message, code="E-INTERFACE")
        if isinstance(self.properties, str) and self.properties:
            object.__setattr__(self, "properties", interface_properties(self.properties))

    @property
    def cut(self) -> tuple[Collection[str], Collection[str] | None]:
        """Names of the regions on both sides."""
        first, second = (None if side is None else _names(side) for side in self.between)
        assert first is not None
        return first, second


def _names(side: Regions) -> tuple[str, ...]:
    return (side,) if isinstance(side, str) else tuple(side)


@dataclass(frozen=True, eq=False, slots=True)
class Parted:
    """A model parted along its interfaces.

    Attributes
    ----------
    model : on the split mesh; cells, materials and surfaces are as before.
    elements : of each interface that is not bonded, by name.
    pairs : of facets, by name.
    origin : (n_points,) the point of the mesh before.
    """

    model: Model
    elements: Mapping[str, InterfaceElements]
    pairs: Mapping[str, Pairs]
    origin: Ints

    @property
    def contributions(self) -> tuple[InterfaceElements, ...]:
        """The interfaces for `femurfe.path.solve_path`, in order."""
        return tuple(self.elements.values())

    @property
    def is_elastic(self) -> bool:
        """Whether no interface can slip, open or break."""
        return all(isinstance(part.law, Compliant) for part in self.elements.values())

    @property
    def is_linear(self) -> bool:
        """Whether answers grow with the loads: every interface is elastic, and none has a press fit."""
        return self.is_elastic and not any(part.gap.any() for part in self.elements.values())

    def settling(self, to: float, control: Control = "load") -> tuple[Leg, ...]:
        """A leg to next to nothing of ``to``, in which a press fit comes to rest; none if there is none."""
        pressed = any((part.gap < 0.0).any() for part in self.elements.values())
        return (Leg(SETTLING * to, control, 1.0, 0.1, 1.0),) if pressed else ()

    def base(self, shares: Floats | float = 1.0, tangents: Sequence[Tangent] = ()) -> BlockMatrix:
        """A positive stiffness near the tangents: of cells with shares of their moduli, and of interfaces.

        Parameters
        ----------
        shares : (n_cells,), or one for all.
        tangents : of the interfaces, in order: their symmetric part and ``STILL_WHOLE`` of what they have
            closed and whole; that alone if left out.
        """
        mesh, m = self.model.mesh, self.model.materials
        cells = assemble_stiffness(mesh, shares * m.young, m.poisson, m.moduli).to_scipy()
        rows = block_rows(cells + sum(self._bonds(tangents)))
        return BlockMatrix(rows.pointer, rows.columns.astype(np.int32), rows.data)

    def _bonds(self, tangents: Sequence[Tangent]) -> Iterator[Any]:
        """The interfaces' part of `base`, a SciPy matrix for each."""
        for part, own in zip_longest(self.elements.values(), tangents):
            law: Any = part.law
            closed = elements(part.facing, Compliant(law.normal_stiffness, law.shear_stiffness))
            at_rest = closed.respond(np.zeros((self.model.mesh.n_points, 3)), closed.start())
            whole = at_rest.tangent().to_scipy()
            if own is None:
                yield whole
            else:
                now = own.to_scipy()
                yield STILL_WHOLE * whole + 0.5 * (now + now.T)

    def base_for(self, options: SolverOptions) -> Callable[..., BlockMatrix] | None:
        """`base` for solves that iterate, None for those that factorise."""
        n = 3 * (self.model.mesh.n_points + 2 * len(self.model.load_case.platens))
        return self.base if choose_method(n, options)[0] == "multigrid" else None


def part(model: Model, interfaces: Sequence[Interface], *, partial: bool = False) -> Parted:
    """A model parted along its interfaces; bonded ones leave it whole.

    Parameters
    ----------
    partial : pass over interfaces between regions that share no facet.

    Raises
    ------
    InvalidPart
        If two interfaces have one name, or no facet lies between the regions of one.
    UnknownName, InvalidMesh, InvalidMaterial
        If a region is unknown, sides overlap, or properties are missing.
    """
    names = [interface.name for interface in interfaces]
    if len(set(names)) != len(names):
        message = f"two interfaces have one name: {names}"
        raise InvalidPart(message, code="E-INTERFACE")
    moving = [interface for interface in interfaces if interface.kind != "bonded"]
    out = split(model.mesh, [interface.cut for interface in moving])
    made, pairs = {}, {}
    for interface, facets in zip(moving, out.pairs, strict=True):
        if not facets.n and partial:
            continue
        if not facets.n:
            message = f"interface {interface.name!r}: no facet lies between {interface.between}"
            raise InvalidPart(message, code="E-INTERFACE")
        law = interface.law or law_of(interface, out.mesh, model.materials, facets)
        shape = facing(out.mesh, facets, solid=interface.solid)
        fit = np.where(_across(interface, out.mesh, facets), 0.0, interface.press_fit)
        made[interface.name] = elements(shape, law, -fit[:, None])
        pairs[interface.name] = facets
    whole = Model(out.mesh, model.materials, model.load_case)
    return Parted(whole, MappingProxyType(made), MappingProxyType(pairs), out.origin)


def law_of(interface: Interface, mesh: Mesh, materials: MaterialField, pairs: Pairs) -> Law:
    """The law of an interface's kind from its properties and what lies beside it.

    Raises
    ------
    InvalidMaterial
        If it has no properties.
    UnknownName
        If they lack what its kind needs.
    """
    p = interface.properties
    if not isinstance(p, InterfaceProperties):
        message = f"interface {interface.name!r} is {interface.kind} and needs properties or a law"
        raise InvalidMaterial(message, code="E-MATERIAL-INTERFACE")
    soft = _softer(materials, pairs)
    if interface.kind == "frictional":
        stiffness = _contact_stiffness(mesh, materials, pairs, soft)
        return Frictional(stiffness, stiffness, p.value("friction"))
    if interface.kind == "compliant":
        return Compliant(*_layer(p, materials, soft))
    bond = _bond(p, materials, soft, _across(interface, mesh, pairs), interface.thread_scale)
    normal, shear = _layer(p, materials, soft)
    normal = np.maximum(normal, SOFTENING * 0.5 * bond[0] ** 2 / bond[2])
    shear = np.maximum(shear, SOFTENING * 0.5 * bond[1] ** 2 / bond[3])
    if interface.kind == "cohesive":
        return Cohesive(normal, shear, *bond)
    return CohesiveFrictional(normal, shear, *bond, friction=p.value("friction"))


def _softer(materials: MaterialField, pairs: Pairs) -> Ints:
    """The softer cell of each pair."""
    first, second = pairs.first[:, 0], pairs.second[:, 0]
    return np.where(materials.young[first] < materials.young[second], first, second)


def _contact_stiffness(mesh: Mesh, materials: MaterialField, pairs: Pairs, soft: Ints) -> Floats:
    size = np.sqrt(2.0 * np.linalg.norm(facet_areas(mesh, pairs.first), axis=1))
    return np.asarray(CONTACT * materials.young[soft] / size)


def _layer(p: InterfaceProperties, materials: MaterialField, soft: Ints) -> tuple[Floats, Floats]:
    """Stiffness of each pair, N/mm3, normal and along: given, or that of a layer that cannot contract."""
    if p.has(STIFFNESS):
        return np.full(len(soft), p.value(STIFFNESS[0])), np.full(len(soft), p.value(STIFFNESS[1]))
    lam, mu = lame(materials.young[soft], materials.poisson[soft])
    thickness = p.value("thickness")
    return np.asarray((lam + 2.0 * mu) / thickness), np.asarray(mu / thickness)


def _across(interface: Interface, mesh: Mesh, pairs: Pairs) -> Mask:
    """Pairs that lie across a thread's axis."""
    areas = facet_areas(mesh, pairs.first)
    if interface.axis is None:
        return np.zeros(len(areas), dtype=bool)
    return np.asarray(np.abs(areas @ interface.axis) > ACROSS * np.linalg.norm(areas, axis=1))


def _bond(
    p: InterfaceProperties, materials: MaterialField, soft: Ints, across: Mask, scale: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Strengths (MPa) and energies (N/mm) of each pair, tension first: given, or those of a thread."""
    if p.has(BOND):
        given = [np.full(len(soft), p.value(name)) for name in BOND]
        return given[0], given[1], given[2], given[3]
    depth, pitch = p.value("thread_depth"), p.value("thread_pitch")
    limits = [
        materials.limits.get(name, np.full(materials.n_cells, np.nan))[soft]
        for name in ("tension_strength", "compression_strength")
    ]
    tension, compression = (np.where(np.isnan(values) | across, NOTHING, values) for values in limits)
    factor = scale * thread_shape_factor(depth, pitch)
    shear = factor * drucker_prager_constants(tension, compression)[1]
    return tension, shear, 0.5 * pitch * tension, 0.5 * pitch * shear
