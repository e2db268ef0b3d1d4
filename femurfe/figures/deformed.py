"""Deformed shapes, exaggerated by a factor that is said, over the shape at rest."""

from __future__ import annotations

from collections.abc import Iterator
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
    draw_solid,
    draw_values,
    extent,
    main_views,
    outer_shell,
    standard_views,
    views_of,
)
from femurfe.figures.style import BONE, MOTION_MAP, Drawing, Width, styled, words
from femurfe.study.results import Results
from femurfe.study.table import Row

SHARE = 0.1  # of the bone's size, that the largest displacement is drawn as
GHOST = 0.45


def deformed_figures(results: Results, width: Width = "double") -> Iterator[Drawing]:
    """One figure per load case: every arm deformed, all by one factor, coloured by displacement."""
    names = main_views(results) if results.site != "vertebra" else ("anterior", standard_views(results)[2])
    views = views_of(results, names)
    for case in results.load_cases:
        arms = [arm for arm in results.arms if results.row(arm, case)]
        moved = {arm: _moved(results, arm, case) for arm in arms}
        factor = exaggeration(list(moved.values()))
        highest = max((float(_lengths(shell, u).max()) for shell, u in moved.values()), default=1.0)
        for page, some in enumerate(chunks(arms, ARMS_ABREAST[width])):
            if some:
                part = {arm: moved[arm] for arm in some}
                figure = _page(part, case, views, factor, highest, width)
                yield Drawing(numbered(f"deformed_{case}", page), figure)


def _moved(results: Results, arm: str, case: str) -> tuple[Shell, Floats]:
    fields = results.fields(arm, case)
    return outer_shell(fields.mesh), fields.points["displacement"]


def _lengths(shell: Shell, displacement: Floats) -> Floats:
    """Mean length (n,) mm of the displacements of each triangle's corners."""
    return np.asarray(np.linalg.norm(displacement[shell.ids], axis=2).mean(axis=1))


def exaggeration(moved: list[tuple[Shell, Floats]]) -> float:
    """A round factor (1, 2 or 5 times a power of ten) that makes the largest displacement visible."""
    if not moved:
        return 1.0
    corners = moved[0][0].points.reshape(-1, 3)
    size = float(np.linalg.norm(corners.max(axis=0) - corners.min(axis=0)))
    largest = max(float(np.linalg.norm(u[shell.ids], axis=2).max()) for shell, u in moved)
    if largest == 0.0:
        return 1.0
    wanted = SHARE * size / largest
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(power * max(step for step in (1.0, 2.0, 5.0) if step * power <= wanted * (1.0 + 1e-12)))


def _page(
    moved: dict[str, tuple[Shell, Floats]], case: str, views: list[View], factor: float, highest: float,
    width: Width,
) -> Any:  # fmt: skip
    from matplotlib import colormaps

    arms = list(moved)
    shapes = {arm: shell.moved(factor * u) for arm, (shell, u) in moved.items()}
    rest = moved[arms[0]][0]
    windows = common_windows([extent([rest, *shapes.values()], view) for view in views])
    size = windows[0][1] - windows[0][0]
    with styled() as make:
        figure, axes = panel_grid(make, width, len(views), len(arms), float(size[1] / size[0]))
        for i, (view, window) in enumerate(zip(views, windows, strict=True)):
            for axis, arm in zip(axes[i], arms, strict=True):
                draw_solid(axis, rest, view, BONE, GHOST)
                values = _lengths(*moved[arm])
                drawn = draw_values(axis, shapes[arm], view, values, colormaps[MOTION_MAP], (0.0, highest))
                frame_axis(axis, window)
        name_columns(axes, arms, width)
        name_rows(figure, axes, [f"{view.name} view" for view in views])
        scale_bar(axes[-1][0], windows[-1])
        label = bar_label(figure, 1, words(case), "displacement (mm)")
        figure.colorbar(drawn, ax=axes, label=label, shrink=0.7, aspect=30)
        figure.suptitle(f"deformation × {factor:g}; pale: at rest", x=0.01, ha="left", fontsize=7)
    return figure


def deformed_rows(results: Results) -> list[Row]:
    """One row per load case and point of the surface: where it is, and how each arm moves it."""
    rows: list[Row] = []
    for case in results.load_cases:
        arms = [arm for arm in results.arms if results.row(arm, case)]
        moved = {arm: _moved(results, arm, case) for arm in arms}
        if not moved:
            continue
        factor = exaggeration(list(moved.values()))
        mesh = results.fields(arms[0], case).mesh
        for i in np.unique(next(iter(moved.values()))[0].ids).tolist():
            x, y, z = mesh.points[i].tolist()
            row: Row = {"load_case": case, "factor": factor, "point": i, "x_mm": x, "y_mm": y, "z_mm": z}
            for arm, (_, u) in moved.items():
                row |= {f"u{axis}_mm {arm}": float(v) for axis, v in zip("xyz", u[i], strict=True)}
            rows.append(row)
    return rows
