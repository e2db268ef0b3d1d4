"""The inverse of one small block, of which levels have one a row."""

from __future__ import annotations

from femurfe.kernels.compiled import kernel


@kernel
def invert(a, size, least):  # type: ignore[no-untyped-def]
    """Invert a positive block (m, m) in place by sweeping, without directions that depend on earlier ones.

    These get zeros: of their number on the diagonal, no more than the share ``least`` is left. size (m,) is
    room to work in.
    """
    m = a.shape[0]
    for p in range(m):
        size[p] = a[p, p]
    for p in range(m):
        if a[p, p] > least * size[p]:
            _sweep(a, p)
        else:
            size[p] = 0.0
    for i in range(m):
        for j in range(m):
            if size[i] == 0.0 or size[j] == 0.0:
                a[i, j] = 0.0


@kernel
def _sweep(a, p):  # type: ignore[no-untyped-def]
    """One step of it, on row and column p."""
    pivot = 1.0 / a[p, p]
    for i in range(a.shape[0]):
        if i != p:
            share = a[i, p] * pivot
            for j in range(a.shape[0]):
                if j != p:
                    a[i, j] -= share * a[p, j]
    for i in range(a.shape[0]):
        if i != p:
            a[i, p] *= pivot
            a[p, i] *= -pivot
    a[p, p] = pivot
