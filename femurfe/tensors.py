"""Symmetric tensors as six components: xx yy zz xy yz xz, shear without a factor of two."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats

_ROWS, _COLUMNS = [0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2]
ENGINEERING = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])


def matrix_from_six(six: npt.ArrayLike) -> Floats:
    """Symmetric matrices (..., 3, 3) from six components (..., 6)."""
    components = np.asarray(six, dtype=float)
    out = np.empty((*components.shape[:-1], 3, 3))
    out[..., _ROWS, _COLUMNS] = components
    out[..., _COLUMNS, _ROWS] = components
    return out


def six_from_matrix(matrix: npt.ArrayLike) -> Floats:
    """Six components (..., 6) from symmetric matrices (..., 3, 3)."""
    return np.asarray(matrix, dtype=float)[..., _ROWS, _COLUMNS]


def contract(first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
    """The double contraction of two symmetric tensors (..., 6), as (...)."""
    return np.asarray((np.asarray(first) * np.asarray(second) * ENGINEERING).sum(axis=-1))


def principal(six: npt.ArrayLike) -> Floats:
    """Principal values (..., 3), the largest first."""
    return np.asarray(np.linalg.eigvalsh(matrix_from_six(six))[..., ::-1])


def von_mises(stress: npt.ArrayLike) -> Floats:
    """Von Mises stress (...) from stress (..., 6)."""
    s = np.asarray(stress, dtype=float)
    normal = (s[..., 0] - s[..., 1]) ** 2 + (s[..., 1] - s[..., 2]) ** 2 + (s[..., 2] - s[..., 0]) ** 2
    shear = s[..., 3] ** 2 + s[..., 4] ** 2 + s[..., 5] ** 2
    return np.asarray(np.sqrt(0.5 * normal + 3.0 * shear))


def isotropic_stiffness(young: npt.ArrayLike, poisson: npt.ArrayLike) -> Floats:
    """Stiffness matrices (..., 6, 6) MPa that take engineering shear strain."""
    e, nu = np.asarray(young, dtype=float), np.asarray(poisson, dtype=float)
    lam, mu = e * nu / ((1 + nu) * (1 - 2 * nu)), e / (2 * (1 + nu))
    out = np.zeros((*np.broadcast(lam, mu).shape, 6, 6))
    out[..., :3, :3] = lam[..., None, None]
    for i in range(3):
        out[..., i, i] += 2 * mu
        out[..., i + 3, i + 3] = mu
    return out


def rotation_of_six(rotation: npt.ArrayLike) -> Floats:
    """The 6 x 6 matrix that turns strain (engineering shear) by ``rotation`` (3, 3)."""
    r = np.asarray(rotation, dtype=float)
    columns = []
    for k in range(6):
        unit = np.zeros(6)
        unit[k] = 1.0
        turned = r @ matrix_from_six(unit / ENGINEERING) @ r.T
        columns.append(six_from_matrix(turned) * ENGINEERING)
    return np.stack(columns, axis=1)


def rotated_stiffness(stiffness: npt.ArrayLike, rotation: npt.ArrayLike) -> Floats:
    """A stiffness matrix (6, 6) turned with the material by ``rotation`` (3, 3)."""
    turn = np.linalg.inv(rotation_of_six(rotation))
    return np.asarray(turn.T @ np.asarray(stiffness, dtype=float) @ turn)
