"""Section cuts of the arms: what the cells are made of, and how near they are to failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.figures.panels import (
    ARMS_ABREAST,
    bar_label,
    chunks,
    frame_axis,
    name_columns,
    numbered,
    panel_grid,
    scale_bar,
)
from femurfe.figures.shells import item_mask, region_facets
from femurfe.figures.slices import Plane, cut_lines, cut_polygons, plane
from femurfe.figures.style import (
    ITEM_COLOURS,
    MATERIAL_MAP,
    NOT_JUDGED,
    RISK_MAP,
    Drawing,
    Width,
    styled,
    words,
)
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import facet_neighbours
from femurfe.study.results import ItemRecord, Results
from femurfe.study.table import Row

TALLEST_CUT = 2.1
LOADS_PER_PAGE = 3
NUDGE = 0.07  # mm, off the planes in which the lattice has its facets
UPRIGHT = 0.99


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """A cut that all arms share.

    Attributes
    ----------
    where : the plane; polygons : (k, 2) mm each; cells : (n,) the cell of each.
    window : (2, 2) lower and upper corner of what is shown, mm.
    lines : (n, 2, 2) mm, outlines of the items by name, each as large as in any arm.
    """

    where: Plane
    polygons: list[Floats]
    cells: Ints
    window: Floats
    lines: dict[str, Floats]


def section_figures(results: Results, width: Width = "double") -> Iterator[Drawing]:
    """Cuts: one column per arm, stiffness above, risk under each load case below.

    Items are outlined as their cells are in the arm where they are whole. A page for every few
    arms and load cases.
    """
    cut = make_cut(results)
    cases = list(results.load_cases)
    pages = [
        (arms, loads)
        for arms in chunks(list(results.arms), ARMS_ABREAST[width])
        for loads in chunks(cases, LOADS_PER_PAGE)
    ]
    for page, (arms, loads) in enumerate(pages):
        yield Drawing(numbered("section", page), _page(results, cut, arms, loads, width))


def _page(results: Results, cut: Cut, arms: list[str], cases: list[str], width: Width) -> Any:
    from matplotlib.lines import Line2D

    size = cut.window[1] - cut.window[0]
    with styled() as make:
        figure, axes = panel_grid(make, width, 1 + len(cases), len(arms), float(size[1] / size[0]))
        n_rows = 1 + len(cases)
        _material_row(figure, axes[0], results, arms, cut, bar_label(figure, n_rows, "Young's modulus (MPa)"))
        for row_axes, case in zip(axes[1:], cases, strict=True):
            label = bar_label(figure, n_rows, words(case), "risk: load / failure load (-)")
            _risk_row(figure, row_axes, results, arms, case, cut, label)
        name_columns(axes, arms, width)
        scale_bar(axes[-1][0], cut.window)
        kinds = dict.fromkeys(results.items[item].kind for arm in arms for item in results.arms[arm])
        handles = [Line2D([], [], color=ITEM_COLOURS[kind], label=f"outline of {kind}") for kind in kinds]
        handles.append(Line2D([], [], ls="", marker="s", color=NOT_JUDGED, label="not judged"))
        figure.legend(
            handles=handles, loc="outside lower right", frameon=False, ncols=2 if width == "single" else 4
        )
    return figure


def _material_row(
    figure: Any, axes: Any, results: Results, arms: list[str], cut: Cut, label: str
) -> None:  # fmt: skip
    for axis, arm in zip(axes, arms, strict=True):
        case = next(row["load_case"] for row in results.rows if row["arm"] == arm)
        young = results.fields(arm, case).cells["young"][cut.cells]
        shown = _paint(axis, cut, np.log10(young), MATERIAL_MAP, 0.0, 5.1)
        _outline(axis, cut, results, arm)
    bar = figure.colorbar(shown, ax=axes, label=label, shrink=0.8, ticks=list(range(6)))
    bar.ax.set_yticklabels([f"$10^{k}$" for k in range(6)])


def _risk_row(
    figure: Any, axes: Any, results: Results, arms: list[str], case: str, cut: Cut, label: str
) -> None:  # fmt: skip
    """All arms under one load case, on one scale; what is not judged is grey."""
    highest = max(row["risk"] for row in results.rows if row["load_case"] == case)
    shown = None
    for axis, arm in zip(axes, arms, strict=True):
        if results.row(arm, case) is None:
            axis.text(0.5, 0.5, "no result", transform=axis.transAxes, ha="center", va="center")
            continue
        risk = results.fields(arm, case).cells["risk"][cut.cells]
        shown = _paint(axis, cut, risk, RISK_MAP, 0.0, highest)
        _outline(axis, cut, results, arm)
    if shown is not None:
        figure.colorbar(shown, ax=axes, label=label, shrink=0.8)


def make_cut(results: Results) -> Cut:
    """The cut that shows a site best, with the outlines of all items in it."""
    where = section_plane(results)
    meshes = {
        arm: results.fields(arm, next(r["load_case"] for r in results.rows if r["arm"] == arm)).mesh
        for arm in results.arms
    }
    mesh = next(iter(meshes.values()))
    polygons, cells = cut_polygons(mesh, where)
    flat = np.concatenate(polygons)
    low, high = flat.min(axis=0), flat.max(axis=0)
    reach = TALLEST_CUT * (high[0] - low[0])
    if high[1] - low[1] > reach:
        middle = np.clip(0.0, low[1] + 0.5 * reach, high[1] - 0.5 * reach)
        low, high = np.array([low[0], middle - 0.5 * reach]), np.array([high[0], middle + 0.5 * reach])
    window = np.stack([low, high]) + np.array([[-3.0], [3.0]])
    return Cut(where, polygons, cells, window, _outlines(results, meshes, where))


def _outlines(results: Results, meshes: dict[str, Mesh], where: Plane) -> dict[str, Floats]:
    """Segments of each item; later items hide earlier ones, so its cells of all arms count."""
    mesh = next(iter(meshes.values()))
    neighbour = facet_neighbours(mesh)
    lines = {}
    for name in results.items:
        arms = [arm for arm, items in results.arms.items() if name in items]
        mask = np.any([item_mask(results, name, meshes[arm]) for arm in arms], axis=0)
        lines[name] = cut_lines(mesh, region_facets(mesh, mask, neighbour), where)
    return lines


def section_plane(results: Results) -> Plane:
    """The plane that shows a site best: along the first screw, through the first item."""
    items = list(results.items.values())
    screws = [item for item in items if item.start is not None]
    if screws:
        found = _along(results, screws[0])
    else:
        origin = items[0].centre if items else _middle(results)
        found = plane(origin, _across(results), results.axes["proximal"])
    return Plane(found.origin + NUDGE * found.normal, found.right, found.up)


def _middle(results: Results) -> Floats:
    row = results.rows[0]
    return np.asarray(results.fields(row["arm"], row["load_case"]).mesh.points.mean(axis=0))


def _along(results: Results, screw: ItemRecord) -> Plane:
    """Upright along a screw; in a vertebra across it, seen from below as in a CT."""
    assert screw.start is not None
    assert screw.end is not None
    middle, forward = 0.5 * (screw.start + screw.end), screw.end - screw.start
    if results.site != "vertebra":
        up = results.axes["proximal"]
        upright = abs(forward @ up) > UPRIGHT * np.linalg.norm(forward)
        return plane(middle, _across(results) if upright else -forward, up)
    left = results.axes["left"]
    up = forward - (forward @ left) * left
    return Plane(middle, left, up / np.linalg.norm(up))


def _across(results: Results) -> Floats:
    wanted = {"femur": "neck", "vertebra": "posterior"}.get(results.site, "lateral")
    return results.axes[wanted] if wanted in results.axes else results.axes["left"]


def _paint(axis: Any, cut: Cut, values: Floats, colour_map: str, low: float, high: float) -> Any:
    from matplotlib import colormaps
    from matplotlib.collections import PolyCollection

    shown = colormaps[colour_map].with_extremes(bad=NOT_JUDGED)
    polygons: Any = cut.polygons
    patches = PolyCollection(polygons, array=values, cmap=shown, edgecolors="face", linewidths=0.1)
    patches.set_clim(low, high)
    patches.set_rasterized(True)
    axis.add_collection(patches)
    frame_axis(axis, cut.window)
    return patches


def _outline(axis: Any, cut: Cut, results: Results, arm: str) -> None:
    """The outlines of the arm's items in the plane, in vectors."""
    from matplotlib.collections import LineCollection

    for name in results.arms[arm]:
        colour = ITEM_COLOURS[results.items[name].kind]
        lines: Any = list(cut.lines[name])
        axis.add_collection(
            LineCollection(lines, colors=colour, linewidths=0.8, capstyle="round", label=name)
        )


def section_rows(results: Results) -> list[Row]:
    """One row per cell in the cut: its middle in the picture, and its values in every arm."""
    cut = make_cut(results)
    columns: dict[str, Floats] = {}
    for row in results.rows:
        arm, case = row["arm"], row["load_case"]
        cells = results.fields(arm, case).cells
        columns.setdefault(f"young_MPa {arm}", cells["young"][cut.cells])
        columns[f"risk {arm} {case}"] = cells["risk"][cut.cells]
    middle = [polygon.mean(axis=0) for polygon in cut.polygons]
    return [
        {"cell": int(cell), "right_mm": float(x), "up_mm": float(y)}
        | {name: float(values[i]) for name, values in columns.items()}
        for i, (cell, (x, y)) in enumerate(zip(cut.cells, middle, strict=True))
    ]
