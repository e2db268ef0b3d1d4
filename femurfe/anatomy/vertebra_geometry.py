"""What geometry tells of a vertebra: canal, body, endplates, pedicles, directions.

The canal is the hole one can look through; the body holds the largest inscribed ball; the
pedicles lie in the upper half of the body's height.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from femurfe.anatomy.fitting import perpendicular
from femurfe.anatomy.rays import exit_point, exits
from femurfe.arrays import Floats, Mask
from femurfe.errors import InvalidMesh
from femurfe.section import plane_section
from femurfe.shapes import SurfaceSolid
from femurfe.surface import TriSurface

VOXEL = 1.5
SIZES = (25.0, 250.0)
SMALLEST_CANAL = 60.0


@dataclass(frozen=True, eq=False, slots=True)
class VertebraGeometry:
    """A vertebra as measured.

    Attributes
    ----------
    body_centre : (3,) mm, midway between the endplates and between front and back wall.
    canal_centre : (3,) mm, beside it in the canal.
    axes : unit vectors ``left``, ``anterior``, ``posterior``, ``superior``.
    """

    body_centre: Floats
    canal_centre: Floats
    axes: Mapping[str, Floats]


def measure_vertebra(surface: TriSurface) -> VertebraGeometry:
    """Find canal, body and directions of a vertebra in any orientation.

    Raises
    ------
    InvalidMesh
        If the surface is no vertebra's size, or encloses no canal that one can look through.
    """
    size = float(np.ptp(surface.points, axis=0).max())
    if not SIZES[0] < size < SIZES[1]:
        message = f"a vertebra is {SIZES[0]:g} to {SIZES[1]:g} mm large, this is {size:.3g}; is it in mm?"
        raise InvalidMesh(message, code="E-ANATOMY-SIZE")
    solid = SurfaceSolid(surface)
    inner, depth = _inside(solid)
    up, canal = _canal(inner)
    ball = inner[depth > 0.85 * depth.max()].mean(axis=0)
    back = perpendicular(canal - ball, up)
    up = up * _upward(inner, ball, canal, up, back, float(depth.max()))
    centre = ball
    for _ in range(3):
        centre, up = _levelled(surface, centre, up, float(depth.max()))
        back = perpendicular(canal - centre, up)
        centre = _between_walls(surface, centre, np.cross(back, up))
        centre = _between_walls(surface, centre, perpendicular(canal - centre, up))
    back = perpendicular(canal - centre, up)
    canal = canal - ((canal - centre) @ up) * up
    axes = {"left": np.cross(back, up), "anterior": -back, "posterior": back, "superior": up}
    return VertebraGeometry(centre, canal, axes)


def _inside(solid: SurfaceSolid) -> tuple[Floats, Floats]:
    """Points of a grid inside the bone, (n, 3), and how deep they lie, (n,) mm."""
    low, high = solid.bounds()
    axes = [np.arange(low[i] + 0.5 * VOXEL, high[i], VOXEL) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    distance = solid.distance(grid)
    return grid[distance < 0.0], -distance[distance < 0.0]


def _directions(n: int) -> Floats:
    """Directions spread evenly over half a sphere, (n, 3)."""
    k = np.arange(n) + 0.5
    z, turn = k / n, np.pi * (1.0 + 5.0**0.5) * k
    r = np.sqrt(1.0 - z**2)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)


def _canal(inner: Floats) -> tuple[Floats, Floats]:
    """Direction (3,) of the canal and a point (3,) in it."""
    best = max(((*_hole(inner, way), way) for way in _directions(220)), key=lambda found: found[0])
    for spread in (0.15, 0.07):
        near = [best[2] + spread * v for v in np.vstack([np.eye(3), -np.eye(3)])]
        tried = [(*_hole(inner, v / np.linalg.norm(v)), v / np.linalg.norm(v)) for v in near]
        best = max([best, *tried], key=lambda found: found[0])
    area, point, way = best
    if area < SMALLEST_CANAL:
        message = (
            f"no vertebral canal was found: the largest hole one can look through is {area:.0f} mm2, "
            f"at least {SMALLEST_CANAL:.0f} mm2 is expected; is this a whole vertebra in mm?"
        )
        raise InvalidMesh(message, code="E-ANATOMY-CANAL")
    return way, point


def _hole(inner: Floats, way: Floats) -> tuple[float, Floats]:
    """Area in mm2 of the largest hole seen along a direction, and its centre (3,)."""
    from scipy.ndimage import binary_closing, binary_fill_holes, label

    u = perpendicular(np.eye(3)[np.abs(way).argmin()], way)
    v = np.cross(way, u)
    flat = np.stack([inner @ u, inner @ v], axis=1)
    low, step = flat.min(axis=0) - 2 * VOXEL, 1.4 * VOXEL
    cells = np.floor((flat - low) / step).astype(int)
    picture = np.zeros(cells.max(axis=0) + 3, dtype=bool)
    picture[cells[:, 0], cells[:, 1]] = True
    picture = binary_closing(picture)
    labels, n = label(binary_fill_holes(picture) & ~picture)
    if n == 0:
        return 0.0, inner.mean(axis=0)
    sizes = np.bincount(labels.ravel())[1:]
    where = np.argwhere(labels == sizes.argmax() + 1).mean(axis=0)
    place = low + (where + 0.5) * step
    middle = (inner @ way).mean()
    return float(sizes.max()) * step**2, place[0] * u + place[1] * v + middle * way


def _upward(inner: Floats, ball: Floats, canal: Floats, up: Floats, back: Floats, reach: float) -> float:
    """Sign that turns ``up`` towards the pedicles' half of the body."""
    x = inner - ball
    behind = x @ back
    wall = float((canal - ball) @ back)
    beside = np.abs(x @ np.cross(back, up))
    pedicle = (behind > 0.75 * wall) & (behind < wall) & (beside > 0.4 * reach)
    column = (behind < 0.5 * wall) & (beside < reach)
    return 1.0 if (x[pedicle] @ up).mean() > (x[column] @ up).mean() else -1.0


def _levelled(surface: TriSurface, centre: Floats, up: Floats, reach: float) -> tuple[Floats, Floats]:
    """The centre moved midway between the endplates, and their mean normal."""
    vectors, x = surface.area_vectors(), surface.centroids() - centre
    areas = np.linalg.norm(vectors, axis=1)
    normals = vectors / np.maximum(areas, 1e-12)[:, None]
    across = np.linalg.norm(x - np.outer(x @ up, up), axis=1)
    near = across < 0.9 * reach
    heights, facing = [], np.zeros(3)
    for sign in (1.0, -1.0):
        plate: Mask = near & (sign * (normals @ up) > 0.7) & (sign * (x @ up) > 0.0)
        if not plate.any():
            message = "no endplate was found above or below the vertebral body"
            raise InvalidMesh(message, code="E-ANATOMY-ENDPLATE")
        heights.append(float(np.average(x[plate] @ up, weights=areas[plate])))
        facing += sign * vectors[plate].sum(axis=0) / areas[plate].sum()
    return centre + 0.5 * sum(heights) * up, np.asarray(facing / np.linalg.norm(facing))


def _between_walls(surface: TriSurface, centre: Floats, way: Floats) -> Floats:
    """The centre moved midway between the walls ahead and behind."""
    return 0.5 * (exit_point(surface, centre, -way) + exit_point(surface, centre, way))


def vertebra_landmarks(surface: TriSurface, g: VertebraGeometry) -> dict[str, Floats]:
    """Landmarks (3,) mm by name."""
    left, back, up = g.axes["left"], g.axes["posterior"], g.axes["superior"]
    ways = {
        "superior_endplate": up, "inferior_endplate": -up, "anterior_wall": -back,
        "posterior_wall": back, "left_wall": left, "right_wall": -left,
    }  # fmt: skip
    out = {"body_centre": g.body_centre, "canal_centre": g.canal_centre}
    out |= {name: exit_point(surface, g.body_centre, way) for name, way in ways.items()}
    x = surface.points - g.body_centre
    out["spinous_process"] = surface.points[(x @ back).argmax()]
    behind = x @ back > float((g.canal_centre - g.body_centre) @ back)
    sideways = np.where(behind, x @ left, 0.0)
    out["left_transverse_process"] = surface.points[sideways.argmax()]
    out["right_transverse_process"] = surface.points[sideways.argmin()]
    out["lamina"] = _lamina(surface, g)
    for side, way in (("left", left), ("right", -left)):
        out |= {f"{side}_{name}": place for name, place in _pedicle(surface, g, out, way).items()}
    return out


def _lamina(surface: TriSurface, g: VertebraGeometry) -> Floats:
    """Where the canal's centre line meets the arch behind it; the lowest level that does."""
    back, up = g.axes["posterior"], g.axes["superior"]
    levels = np.linspace(0.0, -14.0, 8)
    for level in levels:
        found = exits(surface, g.canal_centre + level * up, back)
        if found.size:
            return np.asarray(g.canal_centre + level * up + found[0] * back)
    return exit_point(surface, g.canal_centre, g.axes["left"])


def _pedicle(
    surface: TriSurface, g: VertebraGeometry, marks: Mapping[str, Floats], way: Floats
) -> dict[str, Floats]:
    """Centre of a pedicle, where a screw enters it, and where the screw ends in the body."""
    back, up = g.axes["posterior"], g.axes["superior"]
    start = marks["posterior_wall"] + 4.0 * back
    height = float((marks["superior_endplate"] - marks["inferior_endplate"]) @ up)
    hits = []
    for level in np.linspace(-0.45, 0.75, 25) * height:
        found = exits(surface, start + level * up, way)
        if found.size >= 2 and found[1] - found[0] > 2.0:
            hits.append((level, 0.5 * (found[0] + found[1])))
    if not hits:
        message = "no pedicle was found beside the canal"
        raise InvalidMesh(message, code="E-ANATOMY-PEDICLE")
    level, aside = np.mean(hits, axis=0)
    centre = start + level * up + aside * way
    target = (
        g.body_centre
        + 0.35 * (marks["anterior_wall"] - g.body_centre)
        + 0.6 * aside * way
        + 0.1 * height * up
    )
    axis = (centre - target) / np.linalg.norm(centre - target)
    return {"pedicle": centre, "pedicle_entry": exit_point(surface, centre, axis), "pedicle_target": target}


def vertebra_dimensions(
    surface: TriSurface, g: VertebraGeometry, marks: Mapping[str, Floats]
) -> dict[str, float]:
    """Measured dimensions in mm; width and depth of the body near its lower endplate."""
    left, back, up = g.axes["left"], g.axes["posterior"], g.axes["superior"]
    level = marks["inferior_endplate"] + 2.0 * up
    loops = plane_section(surface, level, up)
    body = min(loops, key=lambda loop: float(np.linalg.norm(loop.centroid - level))).segments[:, 0]
    canal = exits(surface, g.canal_centre, left), exits(surface, g.canal_centre, -left)
    width = float(canal[0][0] + canal[1][0]) if canal[0].size and canal[1].size else float("nan")
    return {
        "body_width": float(np.ptp(body @ left)),
        "body_depth": float(np.ptp(body @ back)),
        "body_height": float((marks["superior_endplate"] - marks["inferior_endplate"]) @ up),
        "canal_width": width,
        "transverse_span": float(
            (marks["left_transverse_process"] - marks["right_transverse_process"]) @ left
        ),
    }
