"""A round block of trabecular bone or foam, held at the rim of its face, as in a pull-out test."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from femurfe.anatomy.base import Bone, Form, Patch
from femurfe.anatomy.specification import check_dimension, specification
from femurfe.anatomy.tissue import UniformTissue
from femurfe.arrays import Floats
from femurfe.errors import InvalidShape
from femurfe.shapes import Cylinder, Difference, HalfSpace, SurfaceSolid
from femurfe.surface import TriSurface

SIDES_OF_PRISM = 96
BEYOND = 0.5


@dataclass(frozen=True)
class Block(Bone):
    """A round block of one density, its face at z = 0 and its axis along z, downwards.

    A screw stands upright in it, from ``face`` down. What is pulled is the middle of the face, a disc
    that lies within the screw; what is held is the face beyond an opening, as in ASTM F543.

    A value left out is that of ``meshes/block.toml``.

    Attributes
    ----------
    density_ash : of the bone, g/cm3. diameter, height : of the block, mm.
    rim_diameter : of the opening of the plate that holds the face, mm.
    grip_diameter : of the disc that is pulled, mm.

    Raises
    ------
    InvalidShape
        If a value is out of range, or the disc, the opening and the block do not lie in each other.
    """

    density_ash: float = field(default_factory=lambda: _usual("density_ash"))
    diameter: float = field(default_factory=lambda: _usual("diameter"))
    height: float = field(default_factory=lambda: _usual("height"))
    rim_diameter: float = field(default_factory=lambda: _usual("rim_diameter"))
    grip_diameter: float = field(default_factory=lambda: _usual("grip_diameter"))

    site = "block"
    side = "both"

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            check_dimension("block", name, getattr(self, name))
        if not self.grip_diameter < self.rim_diameter < self.diameter:
            message = (
                "a block needs grip < rim < block diameters, got "
                f"{self.grip_diameter:g}, {self.rim_diameter:g} and {self.diameter:g} mm"
            )
            raise InvalidShape(message, code="E-ANATOMY-CONFLICT")

    @property
    def form(self) -> Form:
        """The geometry, made once and kept."""
        return _form(self)


def _usual(name: str) -> float:
    return float(specification("block")["dimensions"][name]["value"])


@lru_cache(maxsize=16)
def _form(block: Block) -> Form:
    left, back, up = np.eye(3)
    face, base = np.zeros(3), -block.height * up
    marks = {"face": face, "centre": 0.5 * base, "base": base}
    sizes = ("diameter", "height", "rim_diameter", "grip_diameter")
    return Form(
        SurfaceSolid(_prism(0.5 * block.diameter, block.height)),
        (HalfSpace(face, up), HalfSpace(base, -up)),
        marks,
        {"left": left, "anterior": -back, "posterior": back, "superior": up, "proximal": up},
        {name: getattr(block, name) for name in sizes},
        _patches(block, up),
        UniformTissue(block.density_ash),
    )


def _patches(block: Block, up: Floats) -> dict[str, Patch]:
    def disc(diameter: float) -> Cylinder:
        return Cylinder(-up, up, 0.5 * diameter)

    around = Difference(disc(2.0 * block.diameter), disc(block.rim_diameter))
    return {"head": Patch(disc(block.grip_diameter), up), "rim": Patch(around, up)}


def _prism(radius: float, height: float) -> TriSurface:
    """The block's wall as a closed prism of its cross-section's area, which goes on beyond both its faces."""
    n = SIDES_OF_PRISM
    turn = np.linspace(0.0, 2.0 * np.pi, n, endpoint=False)
    radius *= float(np.sqrt(2.0 * np.pi / (n * np.sin(2.0 * np.pi / n))))
    ring = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    levels = (-(1.0 + BEYOND) * height, BEYOND * height)
    rings = [np.column_stack([ring, np.full(n, z)]) for z in levels]
    points = np.concatenate([*rings, [[0.0, 0.0, z] for z in levels]])
    i, j = np.arange(n), np.roll(np.arange(n), -1)
    low, high = np.full(n, 2 * n), np.full(n, 2 * n + 1)
    wall = [np.stack([i, j, j + n], axis=1), np.stack([i, j + n, i + n], axis=1)]
    ends = [np.stack([low, j, i], axis=1), np.stack([high, i + n, j + n], axis=1)]
    return TriSurface(points, np.concatenate([*wall, *ends]))
