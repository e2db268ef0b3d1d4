"""Vector operations of conjugate gradients on fields whose loads lie side by side, number by number."""

from __future__ import annotations

from typing import Any

from femurfe.kernels.coupling import mixed, pair_sums
from femurfe.kernels.vector import Builder, Vector, operation


def _add_sums(b: Builder, shape: tuple[int, int], sums: list[Vector], part: Any, to: Any, apart: Any) -> None:
    """Add sums by shift to ``part[to]``, those of shift and load ``apart`` from each other.

    Over a load's lanes in order.
    """
    (lanes, loads), ll = shape, b.llvm
    for n in range(len(sums) * loads):
        place = ll.gep(part, [ll.add(to, b.times(apart, n))], inbounds=True)
        total = ll.load(place)
        for lane in range(n % loads, lanes, loads):
            total = ll.fadd(total, ll.extract_element(sums[n // loads].value, b.integer(lane)))
        ll.store(total, place)


@operation
def pairs_row(b, shape, x, y, part, at, y_at, chunks, to, apart):  # type: ignore[no-untyped-def]
    """``part[to] += x . y`` of all pairs of loads, by shift and load, ``apart`` from each other."""
    (lanes, loads), ll = shape, b.llvm

    def terms(m: Any) -> tuple[Vector, Vector]:
        o = b.times(m, lanes)
        return b.load(x, ll.add(at, o), lanes).like(part), b.load(y, ll.add(y_at, o), lanes)

    sums = pair_sums(b, b.integer(0), chunks, b.zeros(part, lanes), loads, 1, terms)
    _add_sums(b, shape, sums, part, to, apart)


def _factors(b: Builder, shape: tuple[int, int], array: Any) -> list[Vector]:
    """Factors (loads, loads), by shift and load, for all places of a vector."""
    lanes, loads = shape
    every = [n % loads for n in range(lanes)]
    return [b.load(array, b.integer(shift * loads), loads).take(every) for shift in range(loads)]


@operation
def advance_row(b, shape, r, q, single, at, single_at, chunks, alpha, part, to, apart):  # type: ignore[no-untyped-def]
    """``r -= q alpha``, r in float32 into ``single``, and ``part[to] += r . r`` of every load."""
    (lanes, loads), ll = shape, b.llvm
    alpha = _factors(b, shape, alpha)

    def square(m: Any) -> Vector:
        o = b.times(m, lanes)
        here = ll.add(at, o)
        rest: Vector = b.load(r, here, lanes) - mixed(b.load(q, here, lanes), alpha, loads)
        b.store(rest, r, here)
        b.store(rest.like(single), single, ll.add(single_at, o))
        return rest * rest

    sums = b.accumulate(b.integer(0), chunks, b.zeros(part, lanes), square)
    _add_sums(b, shape, [sums], part, to, apart)


@operation
def direct_row(b, shape, x, p, z, at, z_at, chunks, alpha, beta):  # type: ignore[no-untyped-def]
    """``x += p alpha``, then ``p = z + p beta``."""
    (lanes, loads), ll = shape, b.llvm
    alpha, beta = _factors(b, shape, alpha), _factors(b, shape, beta)

    def chunk(m: Any) -> None:
        o = b.times(m, lanes)
        here = ll.add(at, o)
        old = b.load(p, here, lanes)
        b.store(b.load(x, here, lanes) + mixed(old, alpha, loads), x, here)
        new = b.load(z, ll.add(z_at, o), lanes).like(p)
        b.store(new + mixed(old, beta, loads), p, here)

    b.loop(b.integer(0), chunks, chunk)
