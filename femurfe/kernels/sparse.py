"""Products with stiffness matrices of 3 x 3 blocks.

A body that moves as a whole needs no force, so blocks of a row sum to zero but for rounding.
They multiply differences of displacements, and what rounding left of their sum is dropped:
a stiff part that moves far on soft ones would drown in it.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels.compiled import kernel

ROUNDING = 64.0 * float(np.finfo(np.float64).eps)


def _multiply(indptr, indices, data, x, out):  # type: ignore[no-untyped-def]
    """Block rows times block vectors; rows are independent, so threads change no bit.

    Parameters
    ----------
    indptr, indices, data (nnz, 3, 3) : the matrix.
    x (n_columns, 3, k), out (n_rows, 3, k) : out is overwritten.
    """
    k = x.shape[2]
    for row in nb.prange(indptr.size - 1):
        left, size = np.zeros((3, 3)), np.zeros((3, 3))
        for i in range(3):
            for c in range(k):
                out[row, i, c] = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            column = indices[at]
            for i in range(3):
                for j in range(3):
                    left[i, j] += data[at, i, j]
                    size[i, j] += abs(data[at, i, j])
                    for c in range(k):
                        out[row, i, c] += data[at, i, j] * (x[column, j, c] - x[row, j, c])
        for i in range(3):
            for j in range(3):
                if abs(left[i, j]) > ROUNDING * size[i, j]:
                    for c in range(k):
                        out[row, i, c] += left[i, j] * x[row, j, c]


multiply_serial = kernel(_multiply)
multiply_parallel = kernel(parallel=True)(_multiply)


def _apply_blocks(blocks, x, out):  # type: ignore[no-untyped-def]
    """One 3 x 3 block (n, 3, 3) per row times block vectors (n, 3, k)."""
    k = x.shape[2]
    for row in nb.prange(blocks.shape[0]):
        for i in range(3):
            a, b, d = blocks[row, i, 0], blocks[row, i, 1], blocks[row, i, 2]
            for c in range(k):
                out[row, i, c] = a * x[row, 0, c] + b * x[row, 1, c] + d * x[row, 2, c]


apply_blocks_serial = kernel(_apply_blocks)
apply_blocks_parallel = kernel(parallel=True)(_apply_blocks)
