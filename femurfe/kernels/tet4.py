"""Four-point tetrahedra without a matrix: the product with their stiffness.

The displacement gradient H is the same all over such a cell: the sum over vertices a of
(u_a - u_0) (x) grad L_a. The force at vertex a is V times the stress of H times grad L_a.
Batches and numbers are those of `femurfe.kernels.tet10`, with V in place of V/20.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from femurfe.kernels import tet10
from femurfe.kernels.vector import Builder, Index, Precision, Reals, Shorts, Size, operation


def forces(u: Sequence[Sequence[Any]], g: Sequence[Any], ratio: Any) -> list[list[Any]]:
    """Nodal forces [4][3] of displacements ``u`` [4][3], for anything with arithmetic.

    Parameters
    ----------
    g : nine components of the gradients of L_1, L_2, L_3, times sqrt(mu V). ratio : lambda / mu.
    """
    slopes = [g[:0], g[:3], g[3:6], g[6:]]
    steps = [[u[a][i] - u[0][i] for i in range(3)] for a in range(4)]
    stress = tet10.stress_at(steps, slopes, 0, ratio)
    pulls = [[tet10.traction(stress, slopes[a], i) for i in range(3)] for a in (1, 2, 3)]
    return [[-(pulls[0][i] + pulls[1][i] + pulls[2][i]) for i in range(3)], *pulls]


FORCES = {4: forces, 10: tet10.forces}


@operation
def multiply(
    b: Builder, shape: tuple[int, int], nodes: Size, precision: Precision,
    conn: Shorts, geometry: Reals, x: Reals, short: Shorts, y: Reals, batch: Index,
) -> None:  # fmt: skip
    """Add K x of one batch of cells of four or ten points to places of y.

    conn (n, nodes, BATCH) uint16 rows, from where x (rows, loads, 4) begins; geometry (n, 10, BATCH);
    short (n, nodes, BATCH) uint16 places in y (places, loads, 4).
    """
    tet10.add_products(b, shape, precision, (nodes, FORCES[nodes]), conn, geometry, x, short, y, batch)
