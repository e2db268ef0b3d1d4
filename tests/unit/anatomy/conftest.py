from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from femurfe.anatomy import Femur, Hemipelvis, ProximalFemur, Sacrum, Vertebra
from femurfe.surface import TriSurface, check_closed, edges

BONES = {
    "femur": Femur,
    "proximal femur": ProximalFemur,
    "hemipelvis": Hemipelvis,
    "sacrum": Sacrum,
    "vertebra": Vertebra,
}
SIZES = {"femur": 9.0, "proximal femur": 8.0, "hemipelvis": 9.0, "sacrum": 10.0, "vertebra": 7.0}


@lru_cache(maxsize=12)
def _bone(name, side="left"):
    return BONES[name](side=side) if name in ("femur", "proximal femur", "hemipelvis") else BONES[name]()


@lru_cache(maxsize=12)
def _mesh(name, order):
    return _bone(name).mesh(SIZES[name], order)


@pytest.fixture(scope="session")
def bone():
    """Bones by name and side, made once."""
    return _bone


@pytest.fixture(scope="session")
def mesh():
    """Coarse meshes of the left bones by name and order, made once."""
    return _mesh


@pytest.fixture(scope="session")
def turned():
    """A surface turned at random by the number given, and the motion."""

    def turn(surface: TriSurface, seed: int, mirrored: bool = False):
        matrix = Rotation.random(random_state=seed).as_matrix() @ np.diag(
            [-1.0 if mirrored else 1.0, 1.0, 1.0]
        )
        offset = np.random.default_rng(seed).normal(scale=200.0, size=3)
        return surface.moved(matrix, offset), matrix, offset

    return turn


@pytest.fixture(scope="session")
def euler():
    """The Euler characteristic of a surface that is closed."""

    def of(surface: TriSurface) -> int:
        check_closed(surface)
        return surface.n_points - len(edges(surface)[0]) + surface.n_triangles

    return of
