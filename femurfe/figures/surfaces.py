"""Risk and strain on the bone's surface in the standard anatomical views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.figures.panels import (
    ARMS_ABREAST,
    bar_label,
    chunks,
    frame_axis,
    name_columns,
    name_rows,
    numbered,
    panel_grid,
    scale_bar,
)
from femurfe.figures.shells import (
    Shell,
    View,
    common_windows,
    draw_values,
    extent,
    item_mask,
    outer_shell,
    standard_views,
    views_of,
)
from femurfe.figures.style import NOT_JUDGED, RISK_MAP, STRAIN_MAP, Drawing, Width, styled, words
from femurfe.mesh.io.fields import Fields
from femurfe.study.results import Results
from femurfe.study.table import Row

MICRO = 1e6
PERCENTILE = 99.0
GREY = "; grey: not judged"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is shown on the surface.

    Attributes
    ----------
    name : of the figure; label : of the bar, with its unit; column : of the CSV.
    values : (n_cells,) from the fields; colours : name of the map; signed : about zero.
    """

    name: str
    label: str
    column: str
    values: Callable[[Fields], Floats]
    colours: str
    signed: bool


def _risk(fields: Fields) -> Floats:
    return fields.cells["risk"]


def _strain(fields: Fields) -> Floats:
    """The principal strain of larger size, in microstrain."""
    high, low = fields.cells["principal_strain_max"], fields.cells["principal_strain_min"]
    return np.asarray(MICRO * np.where(high > -low, high, low))


RISK = Quantity("risk_map", "risk: load / failure load (-)", "risk", _risk, RISK_MAP, False)
STRAIN = Quantity(
    "strain_map", "larger principal strain (microstrain, tension +)", "strain_microstrain", _strain,
    STRAIN_MAP, True,
)  # fmt: skip


def map_figures(results: Results, quantity: Quantity, width: Width = "double") -> Iterator[Drawing]:
    """One figure per load case: arms by views, on one scale; a page for every few arms.

    What is not judged is grey.
    """
    views = views_of(results, standard_views(results))
    for case in results.load_cases:
        arms = [arm for arm in results.arms if results.row(arm, case)]
        shown = {arm: _shown(results, quantity, arm, case) for arm in arms}
        limits = _limits(quantity, [_of_bone(results, arm, case, *shown[arm]) for arm in arms])
        for page, some in enumerate(chunks(arms, ARMS_ABREAST[width])):
            if some:
                figure = _page({arm: shown[arm] for arm in some}, quantity, case, views, limits, width)
                yield Drawing(numbered(f"{quantity.name}_{case}", page), figure)


def _shown(results: Results, quantity: Quantity, arm: str, case: str) -> tuple[Shell, Floats]:
    """The outside of an arm and the value of each triangle."""
    fields = results.fields(arm, case)
    shell = outer_shell(fields.mesh)
    return shell, quantity.values(fields)[shell.cells]


def _of_bone(results: Results, arm: str, case: str, shell: Shell, values: Floats) -> Floats:
    """The values of triangles that no defect has: soft tissue would take all of a scale."""
    mesh = results.fields(arm, case).mesh
    lytic = np.zeros(mesh.n_cells, dtype=bool)
    for name in results.arms[arm]:
        if results.items[name].kind == "defect":
            lytic |= item_mask(results, name, mesh)
    return values[~lytic[shell.cells]]


def _limits(quantity: Quantity, values: list[Floats]) -> tuple[float, float]:
    """From zero to the largest, or as far to both sides of zero as nearly all go."""
    every = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.empty(0)
    if not every.size:
        return 0.0, 1.0
    if not quantity.signed:
        return 0.0, float(every.max())
    reach = float(np.percentile(np.abs(every), PERCENTILE))
    return -reach, reach


def _page(
    shown: dict[str, tuple[Shell, Floats]], quantity: Quantity, case: str, views: list[View],
    limits: tuple[float, float], width: Width,
) -> Any:  # fmt: skip
    from matplotlib import colormaps

    arms = list(shown)
    upright = len(arms) >= len(views) or width == "single"
    windows = common_windows([extent([shown[arms[0]][0]], view) for view in views])
    size = windows[0][1] - windows[0][0]
    colours = colormaps[quantity.colours].with_extremes(bad=NOT_JUDGED)
    names = [f"{view.name} view" for view in views]
    rows, columns = (names, arms) if upright else (arms, names)
    with styled() as make:
        figure, axes = panel_grid(make, width, len(rows), len(columns), float(size[1] / size[0]))
        for i, (view, window) in enumerate(zip(views, windows, strict=True)):
            for j, arm in enumerate(arms):
                axis = axes[i][j] if upright else axes[j][i]
                drawn = draw_values(axis, shown[arm][0], view, shown[arm][1], colours, limits)
                frame_axis(axis, window)
        name_columns(axes, columns, width)
        name_rows(figure, axes, rows)
        scale_bar(axes[-1][0], windows[-1] if upright else windows[0])
        extend = "both" if quantity.signed else "neither"
        label = bar_label(figure, 1, words(case), quantity.label + ("" if quantity.signed else GREY))
        figure.colorbar(
            drawn,
            ax=axes,
            label=label,
            shrink=0.7,
            aspect=30,
            extend=extend,
        )
    return figure


def map_rows(results: Results, quantity: Quantity) -> list[Row]:
    """One row per load case and triangle of the surface: its centroid and the value in each arm."""
    rows: list[Row] = []
    for case in results.load_cases:
        arms = [arm for arm in results.arms if results.row(arm, case)]
        shown = {arm: _shown(results, quantity, arm, case) for arm in arms}
        if not shown:
            continue
        middle = next(iter(shown.values()))[0].points.mean(axis=1)
        columns = {f"{quantity.column} {arm}": values for arm, (_, values) in shown.items()}
        for i, (x, y, z) in enumerate(middle.tolist()):
            row: Row = {"load_case": case, "triangle": i, "x_mm": x, "y_mm": y, "z_mm": z}
            rows.append(row | {name: float(values[i]) for name, values in columns.items()})
    return rows
