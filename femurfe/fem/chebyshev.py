"""Steps of Chebyshev smoothing, and the spectrum they need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.fem.aggregation import BlockRows
from femurfe.kernels.layout import combine

LANCZOS_STEPS, MARGIN = 8, 1.12
Pair = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def steps_table(largest: float, degree: int, interval: float) -> npt.NDArray[np.float32]:
    """What each step takes of the scaled residual, (degree,).

    The polynomial is least on [largest / interval, largest]. One step for each of its roots needs no
    vector but the iterate; the recurrence that leads to the same needs the step before too (Saad,
    Iterative Methods for Sparse Linear Systems, 2nd ed., alg. 12.1).
    """
    middle = 0.5 * largest * (1.0 + 1.0 / interval)
    half = 0.5 * largest * (1.0 - 1.0 / interval)
    roots = middle + half * np.cos(np.pi * (np.arange(degree) + 0.5) / degree)
    return (1.0 / _apart(roots)).astype(np.float32)


def _apart(roots: Floats) -> Floats:
    """Roots in Leja's order, each far from all before it, by which rounding of no step grows much.

    L. Reichel, Linear Algebra Appl. 154-156:389, 1991.
    """
    left, out = list(roots), list[float]()
    while left:
        far = [np.sum(np.log(np.abs(root - np.array(out)))) if out else root for root in left]
        out.append(left.pop(int(np.argmax(far))))
    return np.array(out)


def largest_eigenvalue(
    apply: Callable[[npt.NDArray[Any]], Pair], start: npt.NDArray[Any], sign: float = 1.0
) -> float:
    """An upper estimate of the largest eigenvalue of D A by Lanczos steps from ``start``.

    Parameters
    ----------
    apply : gives (sign A v, D A v), which may be overwritten by the next call. The steps are orthogonal
        in the inner product of A.
    start : should have about the same energy everywhere, or soft parts are not seen; overwritten.
    """
    diagonal: list[float] = []
    side: list[float] = []
    v, before, last = start, np.zeros(start.shape, start.dtype), 1.0
    for _ in range(LANCZOS_STEPS):
        image, scaled = apply(v)
        square = sign * float(np.vdot(v, image))
        if not square > 1e-60:
            break
        size = np.sqrt(square)
        diagonal.append(sign * float(np.vdot(image, scaled)) / square)
        side.append(size)
        combine(before.ravel(), v.ravel(), scaled.ravel(), -size / last, -diagonal[-1] / size, 1.0 / size)
        before, v, last = v, before, size
    matrix = np.diag(diagonal) + np.diag(side[1:], 1) + np.diag(side[1:], -1)
    return MARGIN * float(np.linalg.eigvalsh(matrix)[-1])


def noise(shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """A fixed field without structure, in [-0.5, 0.5]."""
    numbers = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint32) * np.uint32(2_654_435_761)
    numbers ^= numbers >> np.uint32(15)
    numbers *= np.uint32(2_246_822_519)
    values = numbers.astype(np.float32)
    values *= np.float32(2.0**-32)
    values -= np.float32(0.5)
    return values.reshape(shape)


def largest_of(matrix: BlockRows, inverse: Floats) -> float:
    """`largest_eigenvalue` of a matrix of blocks and the inverses of its diagonal blocks."""
    from scipy.sparse import bsr_matrix

    size = matrix.data.shape[1]
    n = size * matrix.n_rows
    full = bsr_matrix((matrix.data, matrix.columns, matrix.pointer), shape=(n, n))

    def apply(v: Floats) -> Pair:
        image = full @ v
        return image, np.einsum("nij,nj->ni", inverse, image.reshape(-1, size)).ravel()

    scale = np.sqrt(np.einsum("nii->ni", inverse).ravel())
    return largest_eigenvalue(apply, noise((n,)) * scale)
