"""Steps of Chebyshev smoothing, and the spectrum they need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.fem.aggregation import BlockRows

MARGIN = 1.05
Pair = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def steps_table(largest: float, degree: int, interval: float) -> npt.NDArray[np.float32]:
    """What each step keeps of the last one and takes of the scaled residual, (degree, 2).

    The polynomial is least on [largest / interval, largest] (Saad, Iterative Methods for Sparse
    Linear Systems, 2nd ed., alg. 12.1).
    """
    middle = 0.5 * largest * (1.0 + 1.0 / interval)
    half = 0.5 * largest * (1.0 - 1.0 / interval)
    ratio = middle / half
    rho, out = 1.0 / ratio, [(0.0, 1.0 / middle)]
    for _ in range(degree - 1):
        after = 1.0 / (2.0 * ratio - rho)
        out.append((after * rho, 2.0 * after / half))
        rho = after
    return np.array(out, dtype=np.float32)


def largest_eigenvalue(
    apply: Callable[[npt.NDArray[Any]], Pair], start: npt.NDArray[Any], n_steps: int
) -> float:
    """An upper estimate of the largest eigenvalue of D A by Lanczos steps from ``start``.

    Parameters
    ----------
    apply : gives (A v, D A v). The steps are orthogonal in the inner product of A.
    start : should have about the same energy everywhere, or soft parts are not seen.
    """
    diagonal: list[float] = []
    side: list[float] = []
    v = start
    image, scaled = apply(v)
    size = np.sqrt(float(np.vdot(v, image)))
    before = np.zeros_like(v)
    for _ in range(n_steps):
        if not size > 1e-30:
            break
        for array in (v, image, scaled):
            array /= size
        alpha = float(np.vdot(image, scaled))
        diagonal.append(alpha)
        scaled -= alpha * v
        if side or len(diagonal) > 1:
            scaled -= side[-1] * before
        before, v = v, scaled
        image, scaled = apply(v)
        size = np.sqrt(max(float(np.vdot(v, image)), 0.0))
        side.append(size)
    n = len(diagonal)
    matrix = np.diag(diagonal) + np.diag(side[: n - 1], 1) + np.diag(side[: n - 1], -1)
    return MARGIN * float(np.linalg.eigvalsh(matrix)[-1])


def noise(shape: tuple[int, ...]) -> Floats:
    """A fixed field without structure, in [-0.5, 0.5]."""
    values = np.sin(np.arange(1, int(np.prod(shape)) + 1, dtype=float) * 12.9898) * 43758.5453
    return np.asarray((values - np.floor(values) - 0.5).reshape(shape))


def largest_of(matrix: BlockRows, inverse: Floats, n_steps: int) -> float:
    """`largest_eigenvalue` of a matrix of blocks and the inverses of its diagonal blocks."""
    from scipy.sparse import bsr_matrix

    size = matrix.data.shape[1]
    n = size * matrix.n_rows
    full = bsr_matrix((matrix.data, matrix.columns, matrix.pointer), shape=(n, n))

    def apply(v: Floats) -> Pair:
        image = full @ v
        return image, np.einsum("nij,nj->ni", inverse, image.reshape(-1, size)).ravel()

    scale = np.sqrt(np.einsum("nii->ni", inverse).ravel())
    return largest_eigenvalue(apply, noise((n,)) * scale, n_steps)
