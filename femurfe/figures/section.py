"""Section cuts of the arms: what the cells are made of, and how near they are to failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.anatomy import Bone
from femurfe.arrays import Floats, Ints
from femurfe.constructs import Screw
from femurfe.figures.slices import Plane, cut_polygons, plane
from femurfe.figures.style import (
    DOUBLE_COLUMN,
    MATERIAL_MAP,
    NOT_JUDGED,
    RISK_MAP,
    inches,
    item_colour,
    styled,
)
from femurfe.study.arms import Arm
from femurfe.study.compare import Comparison

TALLEST = 2.1
HIGHEST_PANEL = 75.0
LOWEST_PANEL = 26.0
BAR = 20.0
NUDGE = 0.07  # mm, off the planes in which the lattice has its facets


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """A cut that all arms share.

    Attributes
    ----------
    where : the plane; polygons : (k, 2) mm each; cells : (n,) the cell of each.
    window : (2, 2) lower and upper corner of what is shown, mm.
    """

    where: Plane
    polygons: list[Floats]
    cells: Ints
    window: Floats


def section_figure(comparison: Comparison) -> Any:
    """A figure of cuts: one column per arm, stiffness above, risk under each load case below."""
    arms, cases = list(comparison.arms.values()), list(comparison.load_cases)
    cut = _cut(comparison)
    size = cut.window[1] - cut.window[0]
    column = DOUBLE_COLUMN / (len(arms) + 0.45)
    row = float(np.clip(column * size[1] / size[0], LOWEST_PANEL, HIGHEST_PANEL))
    with styled() as make:
        figure = make(
            figsize=inches(DOUBLE_COLUMN, (row + 3.0) * (1 + len(cases)) + 8.0), layout="constrained"
        )
        axes = figure.subplots(1 + len(cases), len(arms), squeeze=False)
        _material_row(figure, axes[0], arms, cut)
        for row_axes, case in zip(axes[1:], cases, strict=True):
            _risk_row(figure, row_axes, arms, comparison, case, cut)
        _scale_bar(axes[-1][0], cut)
    return figure


def _material_row(figure: Any, axes: Any, arms: list[Arm], cut: Cut) -> None:
    for axis, arm in zip(axes, arms, strict=True):
        axis.set_title(arm.name)
        shown = _paint(axis, cut, np.log10(arm.materials.young[cut.cells]), MATERIAL_MAP, 0.0, 5.1)
        _outline(axis, cut, arm)
    bar = figure.colorbar(shown, ax=axes, label="Young's modulus (MPa)", shrink=0.8, ticks=list(range(6)))
    bar.ax.set_yticklabels([f"$10^{k}$" for k in range(6)])


def _risk_row(figure: Any, axes: Any, arms: list[Arm], comparison: Comparison, case: str, cut: Cut) -> None:
    """All arms under one load case, on one scale; what is not judged is grey."""
    highest = max(s.risk.first.risk for s in comparison.solved.values() if s.case == case)
    for axis, arm in zip(axes, arms, strict=True):
        risk = comparison.solved[arm.name, case].risk.field[cut.cells]
        shown = _paint(axis, cut, risk, RISK_MAP, 0.0, highest)
        _outline(axis, cut, arm)
    figure.colorbar(shown, ax=axes, label=f"{case.replace('_', ' ')}: risk", shrink=0.8)


def _cut(comparison: Comparison) -> Cut:
    where = section_plane(comparison)
    arm = next(iter(comparison.arms.values()))
    polygons, cells = cut_polygons(arm.mesh, where)
    flat = np.concatenate(polygons)
    low, high = flat.min(axis=0), flat.max(axis=0)
    reach = TALLEST * (high[0] - low[0])
    if high[1] - low[1] > reach:
        middle = np.clip(0.0, low[1] + 0.5 * reach, high[1] - 0.5 * reach)
        low, high = np.array([low[0], middle - 0.5 * reach]), np.array([high[0], middle + 0.5 * reach])
    return Cut(where, polygons, cells, np.stack([low, high]) + np.array([[-3.0], [3.0]]))


def section_plane(comparison: Comparison) -> Plane:
    """The plane that shows a site best: along the first screw, through the first defect."""
    bone = comparison.bone
    arms = list(comparison.arms.values())
    screws = [item for arm in arms for item in arm.items if isinstance(item, Screw)]
    solids = [solid for arm in arms for solid in arm.solids.values()]
    origin = solids[0].bounds().mean(axis=0) if solids else bone.surface.points.mean(axis=0)
    found = _along(bone, screws[0]) if screws else plane(origin, _across(bone), bone.axis("proximal"))
    return Plane(found.origin + NUDGE * found.normal, found.right, found.up)


def _along(bone: Bone, screw: Screw) -> Plane:
    """Upright along a screw; in a vertebra across it, seen from below as in a CT."""
    middle, forward = 0.5 * (screw.start + screw.end), screw.end - screw.start
    if bone.site != "vertebra":
        return plane(middle, -forward, bone.axis("proximal"))
    left = bone.axis("left")
    up = forward - (forward @ left) * left
    return Plane(middle, left, up / np.linalg.norm(up))


def _across(bone: Bone) -> Floats:
    if bone.site == "femur":
        return bone.axis("neck")
    if bone.site == "vertebra":
        return bone.axis("posterior")
    return bone.axis("lateral") if "lateral" in bone.axes else bone.axis("left")


def _paint(axis: Any, cut: Cut, values: Floats, colour_map: str, low: float, high: float) -> Any:
    from matplotlib import colormaps
    from matplotlib.collections import PolyCollection

    shown = colormaps[colour_map].with_extremes(bad=NOT_JUDGED)
    polygons: Any = cut.polygons
    patches = PolyCollection(polygons, array=values, cmap=shown, edgecolors="face", linewidths=0.1)
    patches.set_clim(low, high)
    patches.set_rasterized(True)
    axis.add_collection(patches)
    axis.set_aspect("equal")
    axis.set_xlim(cut.window[:, 0])
    axis.set_ylim(cut.window[:, 1])
    axis.set_axis_off()
    return patches


def _outline(axis: Any, cut: Cut, arm: Arm) -> None:
    """The outlines of the arm's items in the plane."""
    low, high = cut.window
    u, v = np.meshgrid(np.linspace(low[0], high[0], 220), np.linspace(low[1], high[1], 220))
    points = cut.where.lifted(np.stack([u.ravel(), v.ravel()], axis=1))
    for item in arm.items:
        level = arm.solids[item.name].distance(points).reshape(u.shape)
        if level.min() < 0.0:
            axis.contour(u, v, level, levels=[0.0], colors=[item_colour(item)], linewidths=0.8)


def _scale_bar(axis: Any, cut: Cut) -> None:
    left, bottom = cut.window[0]
    axis.plot([left, left + BAR], [bottom, bottom], color="k", lw=1.5, clip_on=False)
    axis.text(left + 0.5 * BAR, bottom, f"{BAR:g} mm", ha="center", va="top", fontsize=6)
