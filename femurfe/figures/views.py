"""The bone from outside, with defect, cement and screws seen through it."""

from __future__ import annotations

from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.figures.style import BONE, DOUBLE_COLUMN, inches, item_colour, styled
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import boundary, interface, surface_of
from femurfe.study.arms import Arm
from femurfe.study.compare import Comparison
from femurfe.surface import TriSurface

_LIGHT = np.array([-0.3, 0.45, 0.84])


def view_figure(comparison: Comparison) -> Any:
    """A figure of every arm from two sides, the bone half transparent."""
    arms = list(comparison.arms.values())
    views = _views(comparison)
    with styled() as make:
        figure = make(
            figsize=inches(DOUBLE_COLUMN, 0.95 * DOUBLE_COLUMN / len(arms) * 2.2), layout="constrained"
        )
        axes = figure.subplots(2, len(arms), squeeze=False)
        for j, arm in enumerate(arms):
            axes[0][j].set_title(arm.name)
            for i, (name, right, up) in enumerate(views):
                _draw(axes[i][j], arm, right, up)
                if j == 0:
                    axes[i][j].text(0.0, 1.0, name, transform=axes[i][j].transAxes, va="top")
    return figure


def _views(comparison: Comparison) -> list[tuple[str, Floats, Floats]]:
    """Name, right and up of the two views of a site."""
    bone = comparison.bone
    up, front = bone.axis("proximal"), bone.axis("anterior")
    left = np.cross(up, front)
    if bone.site == "vertebra":
        return [("from above", left, front), ("from the left", front, up)]
    lateral = -bone.axis("medial") if "medial" in bone.axes else left
    return [("from the front", np.cross(up, front), up), ("from the side", np.cross(up, lateral), up)]


def _draw(axis: Any, arm: Arm, right: Floats, up: Floats) -> None:
    across = right - (right @ up) * up
    across /= np.linalg.norm(across)
    frame = np.stack([across, up, np.cross(across, up)])
    for item in arm.items:
        if item.name in arm.mesh.regions and arm.mesh.in_region(item.name).any():
            _triangles(axis, _region_surface(arm.mesh, item.name), frame, item_colour(item), 1.0)
    _triangles(axis, surface_of(arm.mesh), frame, BONE, 0.35 if arm.items else 1.0)
    axis.set_aspect("equal")
    axis.autoscale_view()
    axis.set_axis_off()


def _region_surface(mesh: Mesh, name: str) -> TriSurface:
    """All facets around the cells of a region."""
    mask = mesh.in_region(name)
    outer = boundary(mesh)
    return surface_of(mesh, np.concatenate([interface(mesh, mask), outer[mask[outer[:, 0]]]]))


def _triangles(axis: Any, surface: TriSurface, frame: Floats, colour: str, alpha: float) -> None:
    """Triangles that face the viewer, the farthest first, shaded by one light."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    vectors = surface.area_vectors() @ frame.T
    normals = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    corners = surface.points[surface.triangles] @ frame.T
    seen = np.flatnonzero(normals[:, 2] > 0.0)
    seen = seen[np.argsort(corners[seen, :, 2].mean(axis=1), kind="stable")]
    shade = np.clip(0.42 + 0.62 * normals[seen] @ _LIGHT, 0.25, 1.05)
    colours = np.clip(shade[:, None] * np.array(to_rgb(colour)), 0.0, 1.0)
    flat: Any = corners[seen][:, :, :2]
    patches = PolyCollection(flat, facecolors=colours, edgecolors="none", alpha=alpha)
    patches.set_antialiased(alpha < 1.0)
    patches.set_rasterized(True)
    axis.add_collection(patches)
