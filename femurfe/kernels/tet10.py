"""Straight-sided ten-point tetrahedra without a matrix: the product with their stiffness.

The strain of such a cell is linear, so its values at the four vertices say all. At vertex
v the displacement gradient is the sum over vertices a of w_va (x) grad L_a, where
w_vv = 3 u_v and w_va = 4 u_va - u_a with u_va the mid-point between v and a. As the gradients
sum to nothing, only w_va - w_vv = (4 u_va - u_v - u_a) - 2 u_v counts. The virtual
work of the stresses s_v is V/20 times the sum over v and w of (1 + delta_vw) s_v : e_w.
Both are exact (Zienkiewicz, Taylor & Zhu, The Finite Element Method, 7th ed., ch. 6).

A row holds one point: four numbers per load, x y z and a zero. Cells stand in batches of
``BATCH``; a batch has per cell ten numbers, the slopes of L_1, L_2, L_3, which are their gradients times
sqrt(mu V/20), and lambda / mu, and ten rows. So scaled, a cell's shear modulus and volume are one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from femurfe.kernels.vector import Builder, Vector

BATCH = 16
Forces = Callable[..., list[list[Any]]]
EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
VOIGT = ((0, 3, 5), (3, 1, 4), (5, 4, 2))


def forces(u: Sequence[Sequence[Any]], g: Sequence[Any], ratio: Any) -> list[list[Any]]:
    """Nodal forces [10][3] of displacements ``u`` [10][3], for anything with arithmetic.

    Parameters
    ----------
    g : nine components of the gradients of L_1, L_2, L_3, times sqrt(mu V/20). ratio : lambda / mu.
    """
    slopes = [[-(g[i] + g[3 + i] + g[6 + i]) for i in range(3)], g[:3], g[3:6], g[6:]]
    bends = {
        e: [4.0 * u[4 + n][i] - (u[e[0]][i] + u[e[1]][i]) for i in range(3)] for n, e in enumerate(EDGES)
    }
    stress = [stress_at(_steps(u, bends, v), slopes, v, ratio) for v in range(4)]
    total = [(stress[0][k] + stress[1][k]) + (stress[2][k] + stress[3][k]) for k in range(6)]
    pulls = [_pulls([stress[v][k] + total[k] for k in range(6)], slopes, v) for v in range(4)]
    across = {e: [pulls[e[0]][e[1]][i] + pulls[e[1]][e[0]][i] for i in range(3)] for e in EDGES}
    corners = [_corner(pulls[v], [across[e] for e in EDGES if v in e]) for v in range(4)]
    return corners + [[4.0 * across[e][i] for i in range(3)] for e in EDGES]


def _corner(pulls: Sequence[Sequence[Any]], across: Sequence[Sequence[Any]]) -> list[Any]:
    """Force at a vertex by the pulls of steps from it and by those across the edges that meet there."""
    (a, b, c), (d, e, f) = (pull for pull in pulls if pull), across
    return [-2.0 * (a[i] + b[i] + c[i]) - (d[i] + e[i] + f[i]) for i in range(3)]


def _steps(u: Sequence[Sequence[Any]], bends: dict[tuple[int, int], list[Any]], v: int) -> list[list[Any]]:
    """From vertex v to each other one, [4][3]: w_va - w_vv; nothing for v itself."""
    out: list[list[Any]] = [[], [], [], []]
    for e in EDGES:
        if v in e:
            out[e[0] + e[1] - v] = [bends[e][i] - 2.0 * u[v][i] for i in range(3)]
    return out


def stress_at(
    steps: Sequence[Sequence[Any]], slopes: Sequence[Sequence[Any]], v: int, ratio: Any
) -> list[Any]:
    """Stress (xx yy zz xy yz xz) over mu, of the gradient sum of steps (x) slopes over vertices beside v."""
    others = [a for a in range(4) if a != v]

    def part(i: int, j: int) -> Any:
        terms = [steps[a][k] * slopes[a][m] for k, m in dict.fromkeys(((i, j), (j, i))) for a in others]
        return sum(terms[1:], terms[0])

    normal = [part(i, i) for i in range(3)]
    pressure = ratio * (normal[0] + normal[1] + normal[2])
    return [*(pressure + 2.0 * e for e in normal), part(0, 1), part(1, 2), part(0, 2)]


def _pulls(stress: Sequence[Any], slopes: Sequence[Sequence[Any]], v: int) -> list[list[Any]]:
    """Stress times the slope of each vertex beside v, [4][3]; nothing for v itself."""
    return [[] if a == v else [traction(stress, slopes[a], i) for i in range(3)] for a in range(4)]


def traction(stress: Sequence[Any], slope: Sequence[Any], i: int) -> Any:
    """Component i of a stress times a vector."""
    return stress[VOIGT[i][0]] * slope[0] + stress[VOIGT[i][1]] * slope[1] + stress[VOIGT[i][2]] * slope[2]


def _transposed(quads: list[Vector]) -> list[Vector]:
    """Four vectors of quads (x y z 0) as vectors of x, y and z, or back with a fourth of zeros."""
    n = quads[0].value.type.count
    low = [4 * m + k + n * s for m in range(n // 4) for k in (0, 1) for s in (0, 1)]
    high = [i + 2 for i in low]
    first = [4 * m + k + n * s for m in range(n // 4) for s in (0, 1) for k in (0, 1)]
    second = [i + 2 for i in first]
    a, b = quads[0].take(low, quads[1]), quads[0].take(high, quads[1])
    c, d = quads[2].take(low, quads[3]), quads[2].take(high, quads[3])
    return [a.take(first, c), a.take(second, c), b.take(first, d), b.take(second, d)]


def _gathered(b: Builder, x: Any, rows: list[Any], loads: int, lanes: int) -> list[Vector]:
    """x, y, z of the rows of one point of several cells, each (lanes,)."""
    records = [b.load(x, row, 4 * loads) for row in rows]
    return _transposed(_joined(records, lanes))[:3]


def _joined(records: list[Vector], lanes: int) -> list[Vector]:
    """Records put together to four vectors of ``lanes`` numbers."""
    while len(records) > 4:
        half = records[0].value.type.count
        records = [p.take(range(2 * half), q) for p, q in zip(records[::2], records[1::2], strict=True)]
    while len(records) < 4:
        half = records[0].value.type.count // 2
        records = [r.take(range(s, s + half)) for r in records for s in (0, half)]
    assert records[0].value.type.count == lanes
    return records


def _scattered(b: Builder, y: Any, rows: list[Any], parts: list[Vector], loads: int) -> None:
    """Add x, y, z to the rows of one point of several cells."""
    quads = _transposed([*parts, parts[0].zero()])
    size = 4 * loads
    lanes = quads[0].value.type.count
    while size > quads[0].value.type.count:
        count = quads[0].value.type.count
        quads = [p.take(range(2 * count), q) for p, q in zip(quads[::2], quads[1::2], strict=True)]
    per = quads[0].value.type.count // size
    for i, row in enumerate(rows):
        part = quads[i // per].take(range(size * (i % per), size * (i % per + 1)))
        b.store(b.load(y, row, size) + part, y, row)
    assert lanes >= loads


def _spread(lanes: int, loads: int) -> list[int]:
    """The cell, within a group, that each lane of a transposed vector belongs to."""
    return [(q * (lanes // 4) + m) // loads for m in range(lanes // 4) for q in range(4)]


def add_products(
    b: Builder,
    shape: tuple[int, int],
    precision: int,
    cell: tuple[int, Forces],
    conn: Any,
    geometry: Any,
    x: Any,
    short: Any,
    y: Any,
    batch: Any,
) -> None:
    """Add K x of one batch of cells to places of y; ``cell`` : their number of points, nodal forces."""
    (nodes, nodal), (lanes, loads) = cell, shape
    if precision == 8:
        lanes = max(4, lanes // 2)
    group = lanes // loads
    spread = _spread(lanes, loads)

    def one(k: Any) -> None:
        first = b.times(k, group)
        at = b.llvm.add(b.times(batch, 10 * BATCH), first)
        numbers = [b.load(geometry, b.plus(at, BATCH * i), group).take(spread) for i in range(10)]
        place = b.llvm.add(b.times(batch, nodes * BATCH), first)

        def rows(ids: Any, a: int) -> list[Any]:
            return [b.times(b.index(ids, b.plus(place, BATCH * a + e)), 4 * loads) for e in range(group)]

        u = [_gathered(b, x, rows(conn, a), loads, lanes) for a in range(nodes)]
        out = nodal(u, numbers[:9], numbers[9])
        for a in range(nodes):
            _scattered(b, y, rows(short, a), out[a], loads)

    b.loop(b.integer(0), b.integer(BATCH // group), one)
