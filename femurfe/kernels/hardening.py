"""Strength as a function of plastic strain: pieces of straight lines, constant after the last."""

from __future__ import annotations

from femurfe.kernels.compiled import kernel


@kernel
def segment(x, table, start, n):  # type: ignore[no-untyped-def]
    """The piece that x lies in, 0 to n - 1; the last one has no end.

    Parameters
    ----------
    table : numbers, of which n abscissae from ``start`` on and n ordinates after them; the first
        abscissa is zero.
    """
    k = 0
    while k < n - 1 and x.real >= table[start + k + 1]:
        k += 1
    return k


@kernel
def slope(k, table, start, n):  # type: ignore[no-untyped-def]
    """The slope of piece k."""
    if k >= n - 1:
        return 0.0
    rise = table[start + n + k + 1] - table[start + n + k]
    return rise / (table[start + k + 1] - table[start + k])


@kernel
def value(x, k, table, start, n):  # type: ignore[no-untyped-def]
    """The ordinate at x by the line of piece k."""
    return table[start + n + k] + slope(k, table, start, n) * (x - table[start + k])
