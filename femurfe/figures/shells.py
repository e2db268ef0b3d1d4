"""The outside of a mesh as triangles, seen from somewhere and painted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import boundary, facet_neighbours
from femurfe.study.results import Results

_LIGHT = np.array([-0.3, 0.45, 0.84])
_DARKEST = 0.32  # of a painted shell, so that colours stay those of the bar


@dataclass(frozen=True, eq=False, slots=True)
class Shell:
    """Triangles that turn outward.

    Attributes
    ----------
    points : (n, 3, 3) mm, the corners; ids : (n, 3) of the corners in the mesh.
    cells : (n,) the cell that each belongs to.
    """

    points: Floats
    ids: Ints
    cells: Ints

    def moved(self, displacement: Floats) -> Shell:
        """The shell with its corners displaced by (n_points, 3) mm of the mesh."""
        return Shell(self.points + displacement[self.ids], self.ids, self.cells)


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """Where something is looked at from.

    Attributes
    ----------
    name : such as ``"anterior"``; frame : (3, 3) rows right, up, and towards the viewer.
    """

    name: str
    frame: Floats


def outer_shell(mesh: Mesh) -> Shell:
    """The outside of a mesh; the two sides of an interface, where its points are parted, are inside."""
    shell = _shell(mesh, boundary(mesh))
    ids, own = np.unique(shell.ids, return_inverse=True)
    place = np.unique(mesh.points[ids], axis=0, return_inverse=True)[1].ravel()
    facets = np.sort(place[own.reshape(shell.ids.shape)], axis=1)
    _, which, count = np.unique(facets, axis=0, return_inverse=True, return_counts=True)
    alone = count[which.ravel()] == 1
    return shell if alone.all() else Shell(shell.points[alone], shell.ids[alone], shell.cells[alone])


def region_shell(mesh: Mesh, mask: Mask) -> Shell:
    """All facets around the cells in ``mask`` (n_cells,)."""
    return _shell(mesh, region_facets(mesh, mask))


def region_facets(mesh: Mesh, mask: Mask, neighbour: Ints | None = None) -> Ints:
    """Facets (n, 2) between the cells in ``mask`` and others or the outside.

    Parameters
    ----------
    neighbour : as of `facet_neighbours`, where it is known already.
    """
    across = facet_neighbours(mesh) if neighbour is None else neighbour
    other = (across < 0) | ~mask[across]
    return np.argwhere(mask[:, None] & other)


def item_mask(results: Results, name: str, mesh: Mesh) -> Mask:
    """Cells (n_cells,) of an arm's mesh that belong to an item."""
    present = [region for region in results.items[name].regions if region in mesh.regions]
    return np.asarray(mesh.in_region(*present))


def _shell(mesh: Mesh, rows: Ints) -> Shell:
    ids = mesh.facet_points(rows)[:, : mesh.cell_type.n_facet_corners].astype(np.int64)
    cells = rows[:, 0]
    if ids.shape[1] == 4:
        ids, cells = ids[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3), np.repeat(cells, 2)
    return Shell(mesh.points[ids], ids, cells)


def views_of(results: Results, names: Iterable[str]) -> list[View]:
    """Views by anatomical names that suit a bone's axes; see `standard_views`."""
    return [View(name, _frame(results, name)) for name in names]


def standard_views(results: Results) -> tuple[str, ...]:
    """The four views of a bone: from front and back, and from both sides."""
    sides = ("medial", "lateral") if {"medial", "lateral"} & set(results.axes) else ("left", "right")
    return ("anterior", "posterior", *sides)


def main_views(results: Results) -> tuple[str, str]:
    """The two views that show a site best."""
    return ("superior", "left") if results.site == "vertebra" else ("anterior", standard_views(results)[3])


def _frame(results: Results, name: str) -> Floats:
    axes = results.axes
    up, front = axes["proximal"], axes["anterior"]
    if name == "superior":
        return _towards(up, front)
    medial = axes["medial"] if "medial" in axes else -axes.get("lateral", np.cross(front, up))
    towards = {
        "anterior": front, "posterior": -front, "medial": medial, "lateral": -medial,
        "left": np.cross(up, front), "right": -np.cross(up, front),
    }  # fmt: skip
    return _towards(towards[name], up)


def _towards(viewer: Floats, up: Floats) -> Floats:
    normal = viewer - (viewer @ up) * up / (up @ up)
    normal = normal / np.linalg.norm(normal)
    above = up / np.linalg.norm(up)
    return np.stack([np.cross(above, normal), above, normal])


def extent(shells: Iterable[Shell], view: View) -> Floats:
    """Lower and upper corner (2, 2) mm of what shells cover in a view."""
    flat = np.concatenate([shell.points.reshape(-1, 3) @ view.frame[:2].T for shell in shells])
    return np.stack([flat.min(axis=0), flat.max(axis=0)])


def common_windows(extents: list[Floats], margin: float = 2.0) -> list[Floats]:
    """Windows (2, 2) of one size around extents, so that all panels have one scale."""
    size = np.max([e[1] - e[0] for e in extents], axis=0) + 2.0 * margin
    return [np.stack([e.mean(axis=0) - 0.5 * size, e.mean(axis=0) + 0.5 * size]) for e in extents]


def seen(shell: Shell, view: View) -> tuple[Ints, Floats, Floats]:
    """Which triangles face the viewer, the farthest first; their corners (k, 3, 2); their light (k,)."""
    corners = shell.points @ view.frame.T
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = normals / np.maximum(length, 1e-12)
    front = np.flatnonzero(normals[:, 2] > 0.0)
    order = front[np.argsort(corners[front, :, 2].mean(axis=1), kind="stable")]
    light = np.clip(0.42 + 0.62 * normals[order] @ _LIGHT, 0.25, 1.05)
    return order, corners[order][:, :, :2], light


def draw_solid(axis: Any, shell: Shell, view: View, colour: str, alpha: float = 1.0) -> Any:
    """A shell in one colour, lit."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    _, flat, light = seen(shell, view)
    colours = np.clip(light[:, None] * np.array(to_rgb(colour)), 0.0, 1.0)
    patches = PolyCollection(flat, facecolors=colours, edgecolors="none", alpha=alpha)  # type: ignore[arg-type]
    patches.set_antialiased(alpha < 1.0)
    patches.set_rasterized(True)
    return axis.add_collection(patches)


def draw_values(
    axis: Any, shell: Shell, view: View, values: Floats, colours: Any, limits: tuple[float, float]
) -> Any:
    """A shell coloured by a value (n,) per triangle, a little darker where it turns from the light.

    Returns what a colour bar needs.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import Normalize

    order, flat, light = seen(shell, view)
    scale = ScalarMappable(Normalize(*limits), colours)
    shown = scale.to_rgba(np.ma.masked_invalid(values[order]))
    shown[:, :3] *= 1.0 - _DARKEST * np.clip(1.0 - light, 0.0, 1.0)[:, None]
    patches = PolyCollection(flat, facecolors=shown, edgecolors="none")  # type: ignore[arg-type]
    patches.set_antialiased(False)
    patches.set_rasterized(True)
    axis.add_collection(patches)
    return scale
