"""Scenes in three dimensions, rendered off screen: arms side by side, cut open, seen through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.figures.panels import (
    ARMS_ABREAST,
    bar_label,
    chunks,
    frame_axis,
    name_columns,
    numbered,
    orientation_marker,
    panel_grid,
    scale_bar,
    strip_below,
)
from femurfe.figures.section import section_plane
from femurfe.figures.shells import Shell, item_mask, outer_shell, region_shell
from femurfe.figures.style import (
    BONE,
    ITEM_COLOURS,
    NOT_JUDGED,
    RISK_MAP,
    Drawing,
    Width,
    styled,
    words,
)
from femurfe.figures.views import mesh_of, name_items
from femurfe.mesh.core import Mesh
from femurfe.mesh.io.fields import Fields
from femurfe.study.extras import load
from femurfe.study.results import Results

EXTRA = "viz"
WHOLE = ("cement", "screw")  # what a cut leaves whole
DPI = 300.0
TURN_DEG = 20.0  # of the viewer from the front towards the patient's left, and half of it upward
THROUGH = 0.25
MARGIN = 4.0  # mm
LIT = {"ambient": 0.4, "diffuse": 0.6, "specular": 0.0}  # so that colours stay near those of the bar
SHARPER = 1.5  # pixels of the picture for one of the page
_TETRAHEDRON, _HEXAHEDRON = 10, 12  # VTK's types


def arm_scenes(results: Results, width: Width = "double") -> Iterator[Drawing]:
    """One figure per load case: every arm from outside, coloured by risk, on one scale.

    Raises
    ------
    MissingExtra
        If pyvista is not installed.
    """

    def put(plot: Any, fields: Fields, arm: str, colours: dict[str, Any]) -> None:
        del arm
        shell = outer_shell(fields.mesh)
        surface = _polydata(shell)
        surface.cell_data["risk"] = fields.cells["risk"][shell.cells]
        plot.add_mesh(surface, scalars="risk", **colours)

    yield from _by_risk(results, put, "scene", _oblique(results), width)


def cutaway_scenes(results: Results, width: Width = "double") -> Iterator[Drawing]:
    """One figure per load case: every arm cut open along its screw or through its defect.

    The cut shows the risk; cement and screws are whole.

    Raises
    ------
    MissingExtra
        If pyvista is not installed.
    """
    plane = section_plane(results)

    def put(plot: Any, fields: Fields, arm: str, colours: dict[str, Any]) -> None:
        cut = _grid(fields).clip(normal=plane.normal, origin=plane.origin)
        plot.add_mesh(cut.extract_surface(algorithm="geometry"), scalars="risk", **colours)
        _put_items(plot, results, arm, fields.mesh, WHOLE)

    towards = plane.normal + 0.25 * plane.up
    frame = np.stack(_screen(towards, plane.up))
    yield from _by_risk(results, put, "cutaway", frame, width, WHOLE)


def inside_scenes(results: Results, width: Width = "double") -> Iterator[Drawing]:
    """Every arm with defect, cement and screws seen through its bone.

    Raises
    ------
    MissingExtra
        If pyvista is not installed.
    """

    def put(plot: Any, arm: str) -> None:
        mesh = mesh_of(results, arm)
        _put_items(plot, results, arm, mesh, tuple(ITEM_COLOURS))
        opacity = THROUGH if results.arms[arm] else 1.0
        plot.add_mesh(_polydata(outer_shell(mesh)), color=BONE, opacity=opacity, **LIT)

    for page, arms in enumerate(chunks(list(results.arms), ARMS_ABREAST[width])):
        figure, _ = _page(results, put, arms, _oblique(results), width)
        with styled():
            name_items(figure, results, arms, tuple(ITEM_COLOURS), "outside right center")
        yield Drawing(numbered("inside", page), figure)


def _by_risk(
    results: Results, put: Callable[[Any, Fields, str, dict[str, Any]], None], name: str, frame: Floats,
    width: Width, kinds: Sequence[str] = (),
) -> Iterator[Drawing]:  # fmt: skip
    """A figure per load case and few arms, with a bar of risk and the colours of kinds of items."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    for case in results.load_cases:
        arms = [arm for arm in results.arms if results.row(arm, case)]
        highest = max((row["risk"] for row in results.rows if row["load_case"] == case), default=1.0)
        colours = {
            "cmap": RISK_MAP,
            "clim": (0.0, highest),
            "nan_color": NOT_JUDGED,
            "show_scalar_bar": False,
        }

        def one(plot: Any, arm: str, case: str = case, colours: dict[str, Any] = colours) -> None:
            put(plot, results.fields(arm, case), arm, colours)

        for page, some in enumerate(chunks(arms, ARMS_ABREAST[width])):
            if some:
                figure, axes = _page(results, one, some, frame, width)
                scale = ScalarMappable(Normalize(0.0, highest), colormaps[RISK_MAP])
                parts = words(case), "risk: load / failure load (-)", "grey: not judged"
                label = bar_label(figure, 1, *parts)
                with styled():
                    figure.colorbar(scale, ax=axes, label=label, shrink=0.8, aspect=25)
                    name_items(figure, results, some, kinds, "outside lower center")
                yield Drawing(numbered(f"{name}_{case}", page), figure)


def _put_items(plot: Any, results: Results, arm: str, mesh: Mesh, kinds: tuple[str, ...]) -> None:
    for name in results.arms[arm]:
        mask, kind = item_mask(results, name, mesh), results.items[name].kind
        if kind in kinds and mask.any():
            plot.add_mesh(_polydata(region_shell(mesh, mask)), color=ITEM_COLOURS[kind], **LIT)


def _page(
    results: Results, put: Callable[..., None], arms: list[str], frame: Floats, width: Width
) -> tuple[Any, Any]:
    """A figure of pictures side by side at one scale, with a ruler and the patient's axes."""
    window, strip, depth = _window(mesh_of(results, arms[0]), frame)
    size = window[1] - window[0]
    with styled() as make:
        figure, axes = panel_grid(make, width, 1, len(arms), float(size[1] / size[0]))
        figure.draw_without_rendering()
        height = axes[0][0].get_position().height * figure.get_figheight()
        pixels = np.maximum(np.round(SHARPER * DPI * height * size / size[1]), 16).astype(int)
        for axis, arm in zip(axes[0], arms, strict=True):
            image = _rendered(partial(put, arm=arm), frame, window, depth, pixels)
            axis.imshow(image, extent=(*window[:, 0], *window[:, 1]), interpolation="antialiased")
            frame_axis(axis, window)
        name_columns(axes, arms, width)
        scale_bar(axes[0][0], window)
        orientation_marker(axes[0][-1], window, strip, _patient(results) @ frame.T)
    return figure, axes


def _window(mesh: Mesh, frame: Floats) -> tuple[Floats, float, float]:
    """Corners (2, 2) mm of what is seen, the strip of it that is free below, how far away to stand."""
    flat = mesh.points @ frame.T
    low, high = flat.min(axis=0), flat.max(axis=0)
    window = np.stack([low[:2] - MARGIN, high[:2] + MARGIN])
    strip = strip_below(window[1] - window[0])
    window[0, 1] -= strip
    return window, strip, float(high[2] + 200.0)


def _oblique(results: Results) -> Floats:
    """Right, up and towards the viewer, from the front, a little from the left and from above."""
    left, back, up = _patient(results)
    turn = np.radians(TURN_DEG)
    towards = np.cos(turn) * -back + np.sin(turn) * left + 0.5 * np.sin(turn) * up
    return np.stack(_screen(towards, up))


def _screen(towards: Floats, up: Floats) -> tuple[Floats, Floats, Floats]:
    normal = towards / np.linalg.norm(towards)
    right = np.cross(up, normal)
    right = right / np.linalg.norm(right)
    return right, np.cross(normal, right), normal


def _patient(results: Results) -> Floats:
    """Rows left, posterior, proximal."""
    up, front = results.axes["proximal"], results.axes["anterior"]
    back = -(front - (front @ up) * up)
    back = back / np.linalg.norm(back)
    return np.stack([np.cross(back, up), back, up])


def _polydata(shell: Shell) -> Any:
    pv = load(EXTRA, "pyvista")
    ids, inverse = np.unique(shell.ids, return_inverse=True)
    points = np.empty((len(ids), 3))
    points[inverse.ravel()] = shell.points.reshape(-1, 3)
    return pv.PolyData.from_regular_faces(points, inverse.reshape(-1, 3))


def _grid(fields: Fields) -> Any:
    pv = load(EXTRA, "pyvista")
    corners = fields.mesh.corners.astype(np.int64)
    kind = _HEXAHEDRON if corners.shape[1] == 8 else _TETRAHEDRON
    grid = pv.UnstructuredGrid({kind: corners}, np.array(fields.mesh.points))
    grid.cell_data["risk"] = fields.cells["risk"]
    return grid


def _rendered(put: Callable[[Any], None], frame: Floats, window: Floats, depth: float, pixels: Any) -> Any:
    """The picture (height, width, 3) of a window, by parallel projection: lengths are true."""
    middle = window.mean(axis=0)
    focus = middle[0] * frame[0] + middle[1] * frame[1]
    with _plotter((int(pixels[0]), int(pixels[1]))) as plot:
        put(plot)
        plot.camera_position = [focus + depth * frame[2], focus, frame[1]]
        plot.camera.parallel_projection = True
        plot.camera.parallel_scale = 0.5 * float(window[1, 1] - window[0, 1])
        plot.renderer.ResetCameraClippingRange()
        return np.array(plot.screenshot(return_img=True))


@contextmanager
def _plotter(size: tuple[int, int]) -> Iterator[Any]:
    """An off-screen plotter; what VTK says of a screen that is not there is not shown."""
    pv = load(EXTRA, "pyvista")
    logger = load(EXTRA, "vtkmodules.vtkCommonCore").vtkLogger
    before = logger.GetCurrentVerbosityCutoff()
    logger.SetStderrVerbosity(logger.VERBOSITY_ERROR)
    try:
        plot = pv.Plotter(off_screen=True, window_size=size, lighting="none", border=False)
        plot.add_light(pv.Light(light_type="headlight"))
        try:
            plot.set_background("white")
            yield plot
        finally:
            plot.close()
    finally:
        logger.SetStderrVerbosity(before)
