"""Lines of nodes in a coarse cell as vector operations: sums of forces, and motions spread out.

A vector holds some nodes of a line, and of each one number per load. Scratch arrays hold such
vectors: ``plane`` (2, 2, 6) by corner along the last two axes and unknown, ``corners`` (8, 6).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from femurfe.kernels.vector import I32, Builder, Vector, operation

LANES = 8


def lanes_for(loads: int) -> int:
    """Numbers in one vector of a line."""
    return max(LANES // loads, 1) * loads


def _every(b: Builder, number: Any, count: int) -> Any:
    """A vector with one LLVM value in all lanes."""
    kind = ir.VectorType(number.type, count)
    one = b.llvm.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(I32, 0))
    return b.llvm.shuffle_vector(one, one, ir.Constant(ir.VectorType(I32, count), [0] * count))


class _Line:
    """Nodes of a line, from place ``at`` on and ``k`` nodes from the cell's side, in vectors."""

    def __init__(self, b: Builder, loads: int, like: Any, at: Any, k: Any, count: Any, part: Any) -> None:
        self.b, self.loads, self.like, self.at, self.k, self.count = b, loads, like, at, k, count
        self.nodes, self.lanes = max(LANES // loads, 1), lanes_for(loads)
        self.node_of = [lane // loads for lane in range(self.lanes)]
        self.part = b.splat(part, self.lanes, like)

    def chunks(self) -> Any:
        """Number of vectors."""
        up = self.b.plus(self.count, self.nodes - 1)
        return self.b.llvm.sdiv(up, self.b.integer(self.nodes))

    def place(self, m: Any) -> Any:
        """Of the first node of vector ``m``."""
        return self.b.llvm.add(self.at, self.b.times(m, self.nodes))

    def owned(self, m: Any, owner: Any, p: Any) -> Any:
        """Lanes of vector ``m`` that lie on the line and belong to piece ``p``."""
        ll, n = self.b.llvm, self.nodes
        kind = ir.VectorType(I32, n)
        address = ll.bitcast(ll.gep(owner, [self.place(m)], inbounds=True), kind.as_pointer())
        own = ll.icmp_signed("==", ll.load(address, align=4), _every(self.b, ll.trunc(p, I32), n))
        left = ll.trunc(ll.sub(self.count, self.b.times(m, n)), I32)
        both = ll.and_(own, ll.icmp_signed("<", ir.Constant(kind, list(range(n))), _every(self.b, left, n)))
        return ll.shuffle_vector(both, both, ir.Constant(ir.VectorType(I32, self.lanes), self.node_of))

    def along(self, m: Any) -> Vector:
        """Where the nodes of vector ``m`` are along the cell's edge, 0 to 1."""
        ll = self.b.llvm
        first = ll.sitofp(ll.add(self.k, self.b.times(m, self.nodes)), self.like.type.pointee)
        kind = ir.VectorType(first.type, self.lanes)
        steps = ir.Constant(kind, [float(node) for node in self.node_of])
        return self.part * Vector(ll, ll.fadd(_every(self.b, first, self.lanes), steps))


def _vectors(b: Builder, array: Any, first: int, count: int, lanes: int) -> list[Vector]:
    return [b.load(array, b.integer((first + i) * lanes), lanes) for i in range(count)]


@operation
def add_line(b, shape, owner, r, plane, p, at, k, count, part, y, z, r0, n):  # type: ignore[no-untyped-def]
    """Add to the sums of a plane the forces at the nodes of ``p`` on a line, and their moments.

    The line lies at ``y`` and ``z`` of the first two axes, in edges of the cell.
    """
    loads, ll = shape[1], b.llvm
    line = _Line(b, loads, r, at, k, count, part)
    zero = b.zeros(r, line.lanes)
    sums = [cgutils.alloca_once(ll, zero.value.type) for _ in range(8)]
    for place in sums:
        ll.store(zero.value, place)

    def chunk(m: Any) -> None:
        mask, w = line.owned(m, owner, p), line.along(m)
        start = ll.add(r0, b.times(line.place(m), loads))
        terms = []
        for i in range(3):
            own = b.load(r, ll.add(start, b.times(n, i)), line.lanes)
            terms.append(Vector(ll, ll.select(mask, own.value, zero.value)))
        terms += [w * term for term in terms]
        terms += [w * terms[3], w * terms[4]]
        for place, term in zip(sums, terms, strict=True):
            ll.store((Vector(ll, ll.load(place)) + term).value, place)

    b.loop(b.integer(0), line.chunks(), chunk)
    f, g, h, wf, wg, wh, wwf, wwg = (Vector(ll, ll.load(place)) for place in sums)
    y, z = b.splat(y, line.lanes, r), b.splat(z, line.lanes, r)
    every = [f, g, h, z * h - wg, wf - y * h, y * g - z * f]
    far = [wf, wg, wh, z * wh - wwg, wwf - y * wh, y * wg - z * wf]
    ends = [a - c for a, c in zip(every, far, strict=True)] + far
    for side, weight in enumerate((_one_less(b, z), z)):
        for i, value in enumerate(ends):
            to = b.integer((12 * side + i) * line.lanes)
            b.store(b.load(plane, to, line.lanes) + weight * value, plane, to)


def _one_less(b: Builder, value: Vector) -> Vector:
    """One minus a vector."""
    return -value + 1.0


@operation
def add_plane(b, shape, plane, corners, y):  # type: ignore[no-untyped-def]
    """Add the sums of a plane at ``y`` of the first axis to those of the corners, and clear them."""
    lanes = lanes_for(shape[1])
    y = b.splat(y, lanes, plane)
    near = _one_less(b, y)
    for i, value in enumerate(_vectors(b, plane, 0, 24, lanes)):
        for side, weight in enumerate((near, y)):
            to = b.integer((24 * side + i) * lanes)
            b.store(b.load(corners, to, lanes) + weight * value, corners, to)
        b.store(value.zero(), plane, b.integer(i * lanes))


def _moments_about(q: int, f: Vector, g: Vector, h: Vector) -> list[Vector | None]:
    """Moments of a force at corner ``q`` of the unit cube about the first corner; None is zero."""
    x, y, z = q >> 2, (q >> 1) & 1, q & 1
    return [_less(h, y, g, z), _less(f, z, h, x), _less(g, x, f, y)]


def _less(a: Vector, with_a: int, c: Vector, with_c: int) -> Vector | None:
    """``with_a a - with_c c``."""
    if with_a:
        return a - c if with_c else a
    return -c if with_c else None


@operation
def finish_corners(b, shape, corners, share, at):  # type: ignore[no-untyped-def]
    """Forces and moments about each corner of a piece, summed over lanes, into ``share`` from ``at`` on."""
    loads = shape[1]
    lanes = lanes_for(loads)
    for q in range(8):
        own = []
        for value in _vectors(b, corners, 6 * q, 6, lanes):
            wide = lanes
            while wide > loads:
                wide //= 2
                value = value.take(list(range(wide))) + value.take(list(range(wide, 2 * wide)))
            own.append(value)
        for m, moment in enumerate(_moments_about(q, *own[:3])):
            if moment is not None:
                own[3 + m] = own[3 + m] - moment
        for m, value in enumerate(own):
            b.store(value, share, b.plus(at, (6 * q + m) * loads))


@operation
def gather_row(b, shape, share, pointer, slots, out, row):  # type: ignore[no-untyped-def]
    """A row of ``out`` (n_rows, loads, 8): the sum of the shares of the pieces that meet there."""
    loads, ll = shape[1], b.llvm

    def entry(array: Any, at: Any) -> Any:
        return ll.load(ll.gep(array, [at], inbounds=True))

    def one(s: Any) -> Any:
        return b.load(share, b.times(entry(slots, s), 6 * loads), 6 * loads)

    start, stop = entry(pointer, row), entry(pointer, b.plus(row, 1))
    zero = Vector(ll, ir.Constant(ir.VectorType(share.type.pointee, 6 * loads), [0.0] * (6 * loads)))
    total = b.accumulate(start, stop, zero, one)
    lanes = [m * loads + load if m < 6 else 6 * loads for load in range(loads) for m in range(8)]
    b.store(total.take(lanes, zero), out, b.times(row, 8 * loads))


@operation
def take_corners(b, shape, x, members, piece, corners):  # type: ignore[no-untyped-def]
    """Motions about the first corner of a piece from rows ``x`` (n_rows, loads, 8) at its corners."""
    loads, ll = shape[1], b.llvm
    lanes = lanes_for(loads)
    for q in range(8):
        row = ll.load(ll.gep(members, [b.plus(b.times(piece, 8), q)], inbounds=True))
        values = b.load(x, b.times(row, 8 * loads), 8 * loads)
        own = [values.take([8 * (lane % loads) + m for lane in range(lanes)]) for m in range(6)]
        f, g, h = own[3:]
        for m, shift in enumerate(_moments_about(q, f, g, h)):
            if shift is not None:
                own[m] = own[m] + shift
        for m, value in enumerate(own):
            b.store(value, corners, b.integer((6 * q + m) * lanes))


@operation
def blend_plane(b, shape, corners, plane, y):  # type: ignore[no-untyped-def]
    """The motions of a plane at ``y`` of the first axis from those of the corners."""
    lanes = lanes_for(shape[1])
    y = b.splat(y, lanes, plane)
    near = _one_less(b, y)
    low, high = _vectors(b, corners, 0, 24, lanes), _vectors(b, corners, 24, 24, lanes)
    for i in range(24):
        b.store(near * low[i] + y * high[i], plane, b.integer(i * lanes))


@operation
def spread_line(b, shape, owner, plane, out, p, at, k, count, part, y, z, out0, n):  # type: ignore[no-untyped-def]
    """Add the motions of a plane to the nodes of ``p`` on a line at ``y`` and ``z``."""
    loads, ll = shape[1], b.llvm
    line = _Line(b, loads, out, at, k, count, part)
    y, z = b.splat(y, line.lanes, out), b.splat(z, line.lanes, out)
    near = _one_less(b, z)
    low, high = _vectors(b, plane, 0, 12, line.lanes), _vectors(b, plane, 12, 12, line.lanes)
    ends = [near * low[i] + z * high[i] for i in range(12)]
    first, slope = ends[:6], [ends[6 + i] - ends[i] for i in range(6)]

    def chunk(m: Any) -> None:
        mask, w = line.owned(m, owner, p), line.along(m)
        t = [a + w * c for a, c in zip(first, slope, strict=True)]
        moved = [t[0] + t[4] * w - t[5] * z, t[1] + t[5] * y - t[3] * w, t[2] + t[3] * z - t[4] * y]
        start = ll.add(out0, b.times(line.place(m), loads))
        for i, move in enumerate(moved):
            to = ll.add(start, b.times(n, i))
            _store_some(b, b.load(out, to, line.lanes) + move, out, to, mask)

    b.loop(b.integer(0), line.chunks(), chunk)


def _store_some(b: Builder, vector: Vector, array: Any, offset: Any, mask: Any) -> None:
    """Write some lanes of a vector; other threads may own the memory of the others."""
    ll, kind = b.llvm, vector.value.type
    scalar = "f32" if kind.element == ir.FloatType() else "f64"
    address = ll.bitcast(ll.gep(array, [offset], inbounds=True), kind.as_pointer())
    sort = ir.FunctionType(ir.VoidType(), [kind, address.type, I32, mask.type])
    name = f"llvm.masked.store.v{kind.count}{scalar}.p0"
    store = cgutils.get_or_insert_function(ll.module, sort, name)
    ll.call(store, [vector.value, address, ir.Constant(I32, 4 if scalar == "f32" else 8), mask])
