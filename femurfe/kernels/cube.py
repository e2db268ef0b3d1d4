"""A cube's stiffness as vector operations along rows of voxels.

Each operation is written over vectors and becomes an intrinsic of the kernels in `hex8`. A vector holds
consecutive places, and of each one number per load.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils

from femurfe.kernels.vector import Builder, Vector, operation


def _sums_and_differences(values: list[Any]) -> list[Any]:
    """Sums and differences of eight corner values along the three axes (a Haar transform)."""
    for step in (1, 2, 4):
        out = list(values)
        for n in range(8):
            if not n & step:
                out[n] = values[n] + values[n + step]
                out[n + step] = values[n + step] - values[n]
        values = out
    return values


def _transposed(values: list[Any]) -> list[Any]:
    """The transpose of `_sums_and_differences` for coefficients whose first one is zero."""
    out = list(values)
    out[0], out[1] = -values[1], values[1]
    for n in (2, 4, 6):
        out[n], out[n + 1] = values[n] - values[n + 1], values[n] + values[n + 1]
    for step in (2, 4):
        values = list(out)
        for n in range(8):
            if not n & step:
                out[n] = values[n] - values[n + step]
                out[n + step] = values[n] + values[n + step]
    return out


def cube_forces(u: list[list[Any]], lam: Any, mu: Any) -> list[list[Any]]:
    """Corner forces of a trilinear cube from its corner displacements.

    Parameters
    ----------
    u : ``u[i][n]``, component i at corner n = 4 a + 2 b + c of the cube (a, b, c in 0, 1);
        numbers, arrays or vectors.
    lam, mu : Lame constants times edge length, divided by 144 mm.

    Notes
    -----
    Sums and differences along each edge make the strains' polynomials orthogonal, so that
    exact integration needs no quadrature: 1, linear and bilinear terms weigh 9, 3 and 1.
    """
    x, y, z = (_sums_and_differences(component) for component in u)
    lam3, mu3, lam9, mu9 = lam * 3.0, mu * 3.0, lam * 9.0, mu * 9.0
    volume, shear = lam9 * (x[4] + y[2] + z[1]), mu3 * (x[3] + y[5] + z[6])
    xy, yz, zx = mu9 * (x[2] + y[4]), mu9 * (y[1] + z[2]), mu9 * (z[4] + x[1])
    t_x, t_y, t_z = lam3 * (y[6] + z[5]), lam3 * (x[6] + z[3]), lam3 * (x[5] + y[3])
    twice, triple, full = mu9 + mu9, mu9, lam + mu3 + mu
    f_x = [None, zx, xy, shear + mu3 * x[3], volume + twice * x[4], t_z + triple * x[5],
           t_y + triple * x[6], full * x[7]]  # fmt: skip
    f_y = [None, yz, volume + twice * y[2], t_z + triple * y[3], xy, shear + mu3 * y[5],
           t_x + triple * y[6], full * y[7]]  # fmt: skip
    f_z = [None, volume + twice * z[1], yz, t_y + triple * z[3], zx, t_x + triple * z[5],
           shear + mu3 * z[6], full * z[7]]  # fmt: skip
    return [_transposed(f) for f in (f_x, f_y, f_z)]


@operation
def voxel_row(b, shape, x, acc, lam, mu, n, cap, x0, x1, x2, x3, a0, a1, a2, a3, v, chunks):  # type: ignore[no-untyped-def]
    """Add the forces of a row of voxels to its four rows of nodes."""
    (lanes, loads), ll = shape, b.llvm
    shift = [lanes - loads + i for i in range(lanes)]
    reads = [[ll.add(at, b.times(n, i)) for at in (x0, x1, x2, x3)] for i in range(3)]
    writes = [[ll.add(at, b.times(cap, i)) for at in (a0, a1, a2, a3)] for i in range(3)]
    zero = b.zeros(x, lanes)
    kept = [[_place(b, zero) for _ in range(4)] for _ in range(3)]

    def chunk(m: Any) -> None:
        o = b.times(m, lanes)
        u = [_row_corners(b, x, rows, o, shape) for rows in reads]
        at = ll.add(v, b.times(m, lanes // loads))
        forces = cube_forces(u, _shared(b, lam, at, shape), _shared(b, mu, at, shape))
        for i in range(3):
            for row in range(4):
                low, high = forces[i][2 * row], forces[i][2 * row + 1]
                place, before = ll.add(writes[i][row], o), Vector(ll, ll.load(kept[i][row]))
                total = b.load(acc, place, lanes) + (low + before.take(shift, high))
                b.store(total, acc, place)
                ll.store(high.value, kept[i][row])

    b.loop(b.integer(0), chunks, chunk)


def _place(b: Builder, zero: Vector) -> Any:
    place = cgutils.alloca_once(b.llvm, zero.value.type)
    b.llvm.store(zero.value, place)
    return place


def _row_corners(b: Builder, x: Any, rows: list[Any], o: Any, shape: tuple[int, int]) -> list[Vector]:
    """Values of one component at the eight corners of consecutive voxels."""
    lanes, loads = shape
    out = []
    for row in rows:
        at = b.llvm.add(row, o)
        out += [b.load(x, at, lanes), b.load(x, b.plus(at, loads), lanes)]
    return out


def _shared(b: Builder, array: Any, at: Any, shape: tuple[int, int]) -> Vector:
    """Values of consecutive places, each for all loads."""
    lanes, loads = shape
    if loads == 1:
        return b.load(array, at, lanes)
    return b.load(array, at, lanes // loads).take([i // loads for i in range(lanes)])


@operation
def smooth_row(  # type: ignore[no-untyped-def]
    b, shape, x, right, out, acc, w, n, cap, at, right_at, out_at, acc_at, w_at, chunks, take
):
    """``out = x + take W (right - acc)`` along a row."""
    (lanes, loads), ll = shape, b.llvm
    taken = b.splat(take, lanes)

    def chunk(m: Any) -> None:
        o = b.times(m, lanes)
        places = [[ll.add(start, ll.add(o, b.times(step, i))) for i in range(3)]
                  for start, step in ((at, n), (right_at, n), (out_at, n), (acc_at, cap))]  # fmt: skip
        t = [b.load(right, places[1][i], lanes) - b.load(acc, places[3][i], lanes) for i in range(3)]
        block = _block(b, shape, w, ll.add(w_at, b.times(m, lanes // loads)), n)
        for i, z in enumerate(_symmetric(block, t)):
            b.store(b.load(x, places[0][i], lanes) + taken * z, out, places[2][i])

    b.loop(b.integer(0), chunks, chunk)


def _block(b: Builder, shape: tuple[int, int], w: Any, at: Any, n: Any) -> list[Vector]:
    """The six numbers of consecutive places' blocks; vectors hold ``n`` numbers a component."""
    apart = b.llvm.sdiv(n, b.integer(shape[1]))
    return [_shared(b, w, b.llvm.add(at, b.times(apart, i)), shape) for i in range(6)]


def _symmetric(w: list[Any], t: list[Any]) -> list[Any]:
    """A symmetric block (xx, yy, zz, xy, yz, xz) times a vector."""
    return [
        w[0] * t[0] + w[3] * t[1] + w[5] * t[2],
        w[3] * t[0] + w[1] * t[1] + w[4] * t[2],
        w[5] * t[0] + w[4] * t[1] + w[2] * t[2],
    ]


@operation
def start_row(b, shape, right, out, w, n, right_at, out_at, w_at, chunks, take):  # type: ignore[no-untyped-def]
    """``out = take W right`` along a row or plane."""
    (lanes, loads), ll = shape, b.llvm
    taken = b.splat(take, lanes)

    def chunk(m: Any) -> None:
        o = b.times(m, lanes)
        t = [b.load(right, ll.add(right_at, ll.add(o, b.times(n, i))), lanes) for i in range(3)]
        block = _block(b, shape, w, ll.add(w_at, b.times(m, lanes // loads)), n)
        for i, z in enumerate(_symmetric(block, t)):
            b.store(taken * z, out, ll.add(out_at, ll.add(o, b.times(n, i))))

    b.loop(b.integer(0), chunks, chunk)


@operation
def residual_row(b, shape, right, out, acc, n, cap, right_at, out_at, acc_at, chunks, cb, ca):  # type: ignore[no-untyped-def]
    """``out = cb right + ca acc`` along a row."""
    lanes, ll = shape[0], b.llvm
    cb, ca = b.splat(cb, lanes), b.splat(ca, lanes)

    def chunk(m: Any) -> None:
        o = b.times(m, lanes)
        for i in range(3):
            t = ca * b.load(acc, ll.add(acc_at, ll.add(o, b.times(cap, i))), lanes)
            t = t + cb * b.load(right, ll.add(right_at, ll.add(o, b.times(n, i))), lanes)
            b.store(t, out, ll.add(out_at, ll.add(o, b.times(n, i))))

    b.loop(b.integer(0), chunks, chunk)
