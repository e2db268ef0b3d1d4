"""The bone of the benchmarks: a proximal femur of cylinders and balls, its moduli and its loads.

Units mm, N, MPa. The shaft stands on the plane z = 0, the head lies towards +y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Mask
from femurfe.shapes import Capsule, Cylinder, Ellipsoid, Sphere, Union

HEAD = np.array([0.0, 44.0, 134.0])
HEAD_RADIUS = 23.5
TROCHANTER = np.array([0.0, -7.0, 107.0])
TROCHANTER_RADIUS = 19.5
NECK = np.array([0.0, -4.0, 102.0])
NECK_RADIUS = 15.0
SHAFT_RADIUS = 14.5
SHAFT_TOP = 108.0
LESION = Ellipsoid([6.5, 11.0, 111.0], [9.5, 12.0, 10.0])
SCREW_RADIUS = 3.75

CORTEX, MARROW, LESION_MODULUS = 20_000.0, 50.0, 10.0
TITANIUM = 110_000.0
FORCE, TORQUE = 2000.0, 20_000.0
DOWN = np.array([0.12, -0.30, -0.95]) / np.linalg.norm([0.12, -0.30, -0.95])
CAP = 0.6


def bone() -> Union:
    """The bone's solid."""
    return Union(
        (
            Cylinder([0.0, 0.0, 0.0], [0.0, 0.0, SHAFT_TOP], SHAFT_RADIUS),
            Sphere(TROCHANTER, TROCHANTER_RADIUS),
            Cylinder(NECK, HEAD, NECK_RADIUS),
            Sphere(HEAD, HEAD_RADIUS),
        )
    )


def screw() -> Capsule:
    """A screw along the neck, its tip in the head, its end in the trochanter."""
    axis = (HEAD - NECK) / np.linalg.norm(HEAD - NECK)
    return Capsule(NECK - 8.0 * axis, HEAD + 4.0 * axis, SCREW_RADIUS)


@dataclass(frozen=True)
class Tissue:
    """What the bone is made of.

    Attributes
    ----------
    implant : a titanium screw; the lesion is then softer, for a contrast of 2e4 in all.
    contrast : if given, two materials only: cortex and screw against all that is inside.
    """

    implant: bool = False
    contrast: float | None = None

    def __call__(self, points: Floats) -> tuple[Floats, Floats]:
        """Young's modulus in MPa and Poisson's ratio at points (n, 3)."""
        depth = -bone().distance(points)
        if self.contrast is not None:
            stiff = (depth < _cortex(points)) | screw().contains(points)
            return np.where(stiff, CORTEX, CORTEX / self.contrast), np.full(len(points), 0.3)
        young, poisson = _graded(points, depth), np.full(len(points), 0.3)
        lesion = LESION.contains(points)
        young[lesion] = TITANIUM / 2e4 if self.implant else LESION_MODULUS
        poisson[lesion] = 0.45
        if self.implant:
            inside = screw().contains(points)
            young[inside], poisson[inside] = TITANIUM, 0.33
        return young, poisson


def _cortex(points: Floats) -> Floats:
    """Thickness of the cortex: thick in the shaft, thin above."""
    return np.where(points[:, 2] < 80.0, 4.8, np.where(points[:, 2] < 100.0, 3.4, 2.2))


def _graded(points: Floats, depth: Floats) -> Floats:
    """Marrow to dense trabecular bone inside, rising to the cortex over a millimetre; 2 % steps."""
    head = np.exp(-((points - HEAD) ** 2).sum(axis=1) / 28.0**2)
    neck = np.exp(-((points - NECK) ** 2).sum(axis=1) / 22.0**2)
    inner = MARROW + 820.0 * head + 180.0 * neck
    share = np.clip(0.5 + 0.5 * np.tanh((_cortex(points) - depth) / 1.1), 0.0, 1.0)
    log = np.log(inner) + share * np.log(CORTEX / inner)
    return np.clip(np.exp(np.round(log / 0.02) * 0.02), MARROW, CORTEX)


def on_cap(points: Floats) -> Mask:
    """True for points of the head's surface that carry the load."""
    out = points - HEAD
    away = np.linalg.norm(out, axis=1)
    return (np.abs(away - HEAD_RADIUS) < 0.06 * HEAD_RADIUS) & (out @ -DOWN > CAP * HEAD_RADIUS)
