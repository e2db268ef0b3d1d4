"""The holding power of a screw's thread by the closed formula of ASTM F543."""

from __future__ import annotations

import math

from femurfe.arrays import positive

SHAPE_OFFSET, SHAPE_SLOPE = 0.5, 1.0 / math.sqrt(3.0)


def thread_shape_factor(depth: float, pitch: float) -> float:
    """The share of the bone's shear strength that a thread brings to bear on its outer cylinder.

    ``0.5 + depth / (sqrt(3) pitch)``: Chapman 1996, J Biomech Eng 118:391; ASTM F543.

    Parameters
    ----------
    depth : half the difference of outer and core diameter, mm. pitch : mm.
    """
    return SHAPE_OFFSET + SHAPE_SLOPE * positive(depth, "thread depth") / positive(pitch, "thread pitch")


def pull_out_force(
    shear_strength: float, diameter: float, length: float, depth: float, pitch: float
) -> float:
    """The axial force at which a thread shears the bone around it, N, if it does so all at once.

    Parameters
    ----------
    shear_strength : of the bone, MPa. diameter : outer, mm. length : of engaged thread, mm.
    depth, pitch : of the thread, mm.

    Examples
    --------
    >>> round(pull_out_force(2.0, 7.3, 32.0, 1.1, 2.75))
    1073
    """
    area = math.pi * positive(diameter, "diameter") * positive(length, "length")
    strength = positive(shear_strength, "shear strength", "MPa")
    return strength * area * thread_shape_factor(depth, pitch)
