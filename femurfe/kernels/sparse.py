"""Products with sparse matrices of 3 x 3 blocks."""

from __future__ import annotations

import numba as nb

from femurfe.kernels.compiled import kernel


def _multiply(indptr, indices, data, x, out):  # type: ignore[no-untyped-def]
    """Block rows times block vectors; rows are independent, so threads change no bit.

    Parameters
    ----------
    indptr, indices, data (nnz, 3, 3) : the matrix.
    x (n_columns, 3, k), out (n_rows, 3, k) : out is overwritten.
    """
    k = x.shape[2]
    for row in nb.prange(indptr.size - 1):
        for i in range(3):
            for c in range(k):
                out[row, i, c] = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            column = indices[at]
            for i in range(3):
                a, b, d = data[at, i, 0], data[at, i, 1], data[at, i, 2]
                for c in range(k):
                    out[row, i, c] += a * x[column, 0, c] + b * x[column, 1, c] + d * x[column, 2, c]


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
