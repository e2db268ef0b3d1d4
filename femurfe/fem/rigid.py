"""Rigid motions, and which of them the supports leave free."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats

_AXIS_NAMES = "xyz"


def rigid_modes(points: Floats, centre: Floats, length: float = 1.0) -> Floats:
    """The six rigid motions of ``points`` (n, 3) as fields, (n, 3, 6).

    Three translations, then three rotations about ``centre`` by one over ``length`` rad.
    """
    x, y, z = ((points - centre) / length).T
    out = np.zeros((len(points), 3, 6))
    out[:, 0, 0] = out[:, 1, 1] = out[:, 2, 2] = 1.0
    out[:, 1, 3], out[:, 2, 3] = -z, y
    out[:, 0, 4], out[:, 2, 4] = z, -x
    out[:, 0, 5], out[:, 1, 5] = -y, x
    return out


def free_motions(rows: Floats, tolerance: float = 1e-8) -> Floats:
    """Motions (6, m) that constraint ``rows`` (n, 6) leave free, as orthonormal columns."""
    if not rows.size:
        return np.eye(6)
    _, singular, vectors = np.linalg.svd(rows.T @ rows)
    held = singular > tolerance * max(float(singular[0]), 1e-300)
    return np.asarray(vectors[~held].T)


def describe(free: Floats, centre: Floats, length: float) -> str:
    """Free motions (6, m) in words: translations by direction, rotations by axis."""
    _, singular, vectors = np.linalg.svd(free[3:])
    rank = int((singular > 1e-6).sum())
    translations = _row_reduced((free @ vectors[rank:].T)[:3].T)
    words = [f"translation along {_axis(t)}" for t in translations]
    rotations = _row_reduced((free @ vectors[:rank].T)[[3, 4, 5, 0, 1, 2]].T)
    for row in rotations:
        omega, shift = row[:3] / length, row[3:]
        foot = centre + np.cross(omega, shift) / (omega @ omega)
        words.append(f"rotation about {_axis(omega)} through ({', '.join(f'{c:.1f}' for c in foot)})")
    return ", ".join(words)


def _row_reduced(rows: Floats) -> Floats:
    """Rows combined such that each leading entry stands alone, for readable axes."""
    out = rows.copy()
    done = 0
    for column in range(min(3, out.shape[1])):
        if done == len(out):
            break
        pivot = done + int(np.abs(out[done:, column]).argmax())
        if abs(out[pivot, column]) < 1e-6:
            continue
        out[[done, pivot]] = out[[pivot, done]]
        out[done] /= out[done, column]
        for other in range(len(out)):
            if other != done:
                out[other] -= out[other, column] * out[done]
        done += 1
    return out


def _axis(vector: Floats) -> str:
    unit = vector / np.linalg.norm(vector)
    main = int(np.abs(unit).argmax())
    if abs(unit[main]) > 1.0 - 1e-9:
        return _AXIS_NAMES[main]
    return f"({', '.join(f'{c:.3f}' for c in unit)})"
