"""The bone from outside, with defect, cement and screws seen through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from femurfe.figures.panels import (
    ARMS_ABREAST,
    chunks,
    frame_axis,
    name_columns,
    name_rows,
    numbered,
    panel_grid,
    scale_bar,
)
from femurfe.figures.shells import (
    View,
    common_windows,
    draw_solid,
    extent,
    item_mask,
    main_views,
    outer_shell,
    region_shell,
    views_of,
)
from femurfe.figures.style import BONE, ITEM_COLOURS, Drawing, Width, styled
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import volumes
from femurfe.study.results import Results
from femurfe.study.table import Row
from femurfe.units import ml_from_mm3

THROUGH = 0.35


def views_figures(results: Results, width: Width = "double") -> Iterator[Drawing]:
    """Every arm from two sides, the bone half transparent; a page for every few arms."""
    views = views_of(results, main_views(results))
    for page, arms in enumerate(chunks(list(results.arms), ARMS_ABREAST[width])):
        meshes = [mesh_of(results, arm) for arm in arms]
        windows = common_windows([extent([outer_shell(meshes[0])], view) for view in views])
        size = windows[0][1] - windows[0][0]
        with styled() as make:
            figure, axes = panel_grid(make, width, len(views), len(arms), float(size[1] / size[0]))
            for j, (arm, mesh) in enumerate(zip(arms, meshes, strict=True)):
                for axis, view, window in zip(axes[:, j], views, windows, strict=True):
                    draw_arm(axis, results, arm, mesh, view)
                    frame_axis(axis, window)
            name_columns(axes, arms, width)
            name_rows(figure, axes, [f"{view.name} view" for view in views])
            scale_bar(axes[-1][0], windows[-1])
            name_items(figure, results, arms, tuple(ITEM_COLOURS), "outside right center")
        yield Drawing(numbered("views", page), figure)


def mesh_of(results: Results, arm: str) -> Mesh:
    """The mesh of an arm with its regions."""
    case = next(row["load_case"] for row in results.rows if row["arm"] == arm)
    return results.fields(arm, case).mesh


def draw_arm(axis: Any, results: Results, arm: str, mesh: Mesh, view: View) -> None:
    """The items of an arm through its bone."""
    items = results.arms[arm]
    for name in items:
        mask = item_mask(results, name, mesh)
        if mask.any():
            draw_solid(axis, region_shell(mesh, mask), view, ITEM_COLOURS[results.items[name].kind])
    draw_solid(axis, outer_shell(mesh), view, BONE, THROUGH if items else 1.0)


def name_items(figure: Any, results: Results, arms: Sequence[str], kinds: Sequence[str], where: str) -> None:
    """The colours of the kinds of items that arms have, beside or below a figure."""
    from matplotlib.patches import Patch

    there = {results.items[item].kind for arm in arms for item in results.arms[arm]}
    handles = [Patch(color=ITEM_COLOURS[kind], label=kind) for kind in kinds if kind in there]
    if handles:
        figure.legend(
            handles=handles, loc=where, frameon=False, ncols=1 if "right" in where else len(handles)
        )


def view_rows(results: Results) -> list[Row]:
    """One row per arm and region of its mesh, with the item it belongs to and its volume."""
    owner = {region: item for item in results.items.values() for region in item.regions}
    rows: list[Row] = []
    for arm in results.arms:
        mesh = mesh_of(results, arm)
        size = np.bincount(mesh.region, weights=volumes(mesh), minlength=max(mesh.regions.values()) + 1)
        rows += [
            {
                "arm": arm, "region": region, "item": owner[region].name if region in owner else "bone",
                "kind": owner[region].kind if region in owner else "bone",
                "volume_ml": float(ml_from_mm3(size[i])),
            }
            for region, i in sorted(mesh.regions.items(), key=lambda pair: pair[1])
        ]  # fmt: skip
    return rows
