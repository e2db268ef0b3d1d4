"""Sparse matrices of 3 x 3 blocks that act on displacement fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.kernels import sparse
from femurfe.kernels.threads import pick


class Stiffness(Protocol):
    """A stiffness matrix, assembled or not."""

    def apply(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) of displacements of the same shape."""

    def diagonal_blocks(self) -> Floats:
        """The blocks on the diagonal, (n_points, 3, 3)."""

    def to_scipy(self) -> Any:
        """The assembled matrix as a SciPy block sparse row matrix, (3 n, 3 n)."""


@dataclass(frozen=True, eq=False, slots=True)
class BlockMatrix:
    """A square matrix of 3 x 3 blocks in compressed rows with sorted columns.

    Attributes
    ----------
    indptr : (n + 1,) int64
    indices : (nnz,) int32
    data : (nnz, 3, 3)
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    data: Floats

    @property
    def n_rows(self) -> int:
        """Number of block rows."""
        return len(self.indptr) - 1

    def apply(self, field: Floats) -> Floats:
        """The product with block vectors (n, 3, k), as (n, 3, k)."""
        x = np.ascontiguousarray(field)
        out = np.empty_like(x)
        multiply = pick(sparse.multiply_serial, sparse.multiply_parallel)
        multiply(self.indptr, self.indices, self.data, x, out)
        return out

    def diagonal_blocks(self) -> Floats:
        """The blocks on the diagonal, (n, 3, 3)."""
        row = np.repeat(np.arange(self.n_rows), np.diff(self.indptr))
        return np.asarray(self.data[np.flatnonzero(self.indices == row)])

    def to_scipy(self) -> Any:
        """The same matrix as a SciPy block sparse row matrix, (3 n, 3 n)."""
        from scipy.sparse import bsr_matrix

        n = 3 * self.n_rows
        return bsr_matrix((self.data, self.indices, self.indptr), shape=(n, n))
