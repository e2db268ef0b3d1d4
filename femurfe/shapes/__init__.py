"""Solids by signed distance: primitives, combinations, triangulated surfaces."""

from femurfe.shapes.base import Shape
from femurfe.shapes.combine import (
    Difference,
    Intersection,
    Offset,
    Scaled,
    SmoothDifference,
    SmoothUnion,
    Union,
)
from femurfe.shapes.measure import common_volume, filled, sample_points, sized
from femurfe.shapes.primitives import Box, Capsule, Cylinder, Ellipsoid, HalfSpace, Sphere
from femurfe.shapes.solid import SurfaceSolid

__all__ = [
    "Box",
    "Capsule",
    "Cylinder",
    "Difference",
    "Ellipsoid",
    "HalfSpace",
    "Intersection",
    "Offset",
    "Scaled",
    "Shape",
    "SmoothDifference",
    "SmoothUnion",
    "Sphere",
    "SurfaceSolid",
    "Union",
    "common_volume",
    "filled",
    "sample_points",
    "sized",
]
