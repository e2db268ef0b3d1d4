"""What stands under an arm's name in a figure is that arm's: no swapped panel, line, colour or column."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.drawing import texts
from helpers.studies import written
from matplotlib.colors import to_rgb
from test_figures import ARMS, many, study

from femurfe import api
from femurfe.figures import draw
from femurfe.figures.bars import slope_rows
from femurfe.figures.deformed import exaggeration
from femurfe.figures.kinds import RUN_KINDS
from femurfe.figures.shells import item_mask, outer_shell, views_of
from femurfe.figures.style import ITEM_COLOURS
from femurfe.figures.surfaces import STRAIN
from femurfe.study.results import read_results


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A vertebra of large cells: four arms, a force and a moment."""
    folder = tmp_path_factory.mktemp("arms")
    api.run(written(folder, study(figures={"kinds": ["risk"]})), folder / "out")
    return read_results(folder / "out")


def columns(figure):
    """The axes of the pictures below each arm's name, by arm."""
    found = {}
    titled = {axes.get_title(): axes for axes in figure.axes if axes.get_title() in ARMS}
    for arm, top in titled.items():
        place = top.get_subplotspec().colspan
        found[arm] = [
            axes for axes in figure.axes
            if axes.get_subplotspec() is not None and axes.get_subplotspec().colspan == place
        ]  # fmt: skip
    return found


def drawn(results, kind, name):
    """A figure of two columns, laid out."""
    figure = next(one.figure for one in draw(results, kind) if one.name == name)
    figure.draw_without_rendering()
    return figure


def seen(shell, view):
    """Triangles of a shell that face the viewer, nearest last."""
    sides = shell.points[:, 1] - shell.points[:, 0], shell.points[:, 2] - shell.points[:, 0]
    return np.cross(*sides) @ view.frame[2] > 0.0


def legend(figure):
    """Names in the legends of a figure and the colour of each."""
    return {
        text.get_text(): to_rgb(handle.get_color())
        for one in figure.legends
        for text, handle in zip(one.get_texts(), one.get_lines(), strict=True)
    }


def test_points_of_slopes_stand_at_the_names_of_their_arms(results):
    figure = draw(results, "slopes", "single")[0].figure
    for axes, measure in zip(figure.axes[:2], ("stiffness", "failure"), strict=True):
        names = {label.get_text(): label.get_position()[1] for label in axes.get_yticklabels()}
        for container, case in zip(axes.containers, results.load_cases, strict=True):
            rows = [r for r in slope_rows(results) if (r["load_case"], r["measure"]) == (case, measure)]
            at = dict(zip(container.lines[0].get_ydata(), container.lines[0].get_xdata(), strict=True))
            assert {at[names[row["arm"]]] == row["percent_of_first"] for row in rows} == {True}


def test_the_whisker_of_every_bar_stands_out_from_it(results):
    figure = draw(many(results, 8), "stiffness")[0].figure
    axes = figure.axes[0]
    whiskers = [c for c in axes.collections if len(c.get_segments())]
    assert len(whiskers) == len(axes.patches) == 8
    for bar, whisker in zip(axes.patches, whiskers, strict=True):
        own, other = (np.array(to_rgb(colour)) for colour in (bar.get_facecolor(), whisker.get_color()[0]))
        assert np.abs(own - other).max() > 0.4


def test_the_legend_of_curves_names_each_line_by_the_failure_load_where_it_ends(results):
    figure = drawn(results, "curves", "curves")
    named = legend(figure)
    assert set(named) == set(ARMS)
    ends = {to_rgb(line.get_color()): line.get_ydata()[-1] for line in figure.axes[0].get_lines()[::2]}
    for arm, colour in named.items():
        assert ends[colour] == results.row(arm, "compression")["failure_load_N"]


def test_the_legend_of_the_interaction_names_each_line_by_its_failure_load(results):
    figure = drawn(results, "interaction", "interaction")
    rows = results.interaction()
    force = next(name for name in rows[0] if name.endswith("_N"))
    named = legend(figure)
    assert set(named) == set(ARMS)
    reach = {to_rgb(line.get_color()): max(line.get_xdata()) for line in figure.axes[0].get_lines()}
    for arm, colour in named.items():
        assert reach[colour] == pytest.approx(max(row[force] for row in rows if row["arm"] == arm))


def test_ultimate_loads_of_force_and_moment_together_are_marked_hollow_while_they_grew(results):
    key = {"force_case": "compression", "moment_case": "torsion"}
    reached = {"intact": (2000.0, 30.0, True), "lytic": (900.0, 12.0, False)}
    rows = [
        key | {"arm": arm, "ultimate_load_N": n, "ultimate_moment_Nm": t, "peak_reached": peak}
        for arm, (force, moment, peak) in reached.items()
        for n, t in ((force, 0.0), (0.8 * force, 0.6 * moment), (0.0, moment))
    ]
    figure = drawn(replace(results, combined=tuple(rows)), "combined", "combined")
    size = figure.axes[0].get_position().size
    figure.draw_without_rendering()
    assert figure.axes[0].get_position().size == pytest.approx(size)  # marks on the axes take no room
    named = legend(figure)
    assert set(named) == set(reached)
    for arm, (force, moment, peak) in reached.items():
        line, hollow = [
            x for x in figure.axes[0].get_lines() if to_rgb(x.get_markeredgecolor()) == named[arm]
        ]
        assert line.get_xydata() == pytest.approx(
            np.array([[force, 0], [0.8 * force, 0.6 * moment], [0, moment]])
        )
        assert len(hollow.get_xdata()) == (0 if peak else 3)
        assert to_rgb(hollow.get_markerfacecolor()) == (1.0, 1.0, 1.0)


def test_the_larger_principal_strain_is_shown_with_its_sign_in_microstrain():
    cells = {"principal_strain_max": np.array([3e-4, 1e-4]), "principal_strain_min": np.array([-1e-4, -2e-4])}
    assert STRAIN.values(SimpleNamespace(cells=cells)) == pytest.approx([300.0, -200.0])
    assert "microstrain, tension +" in STRAIN.label


@pytest.mark.parametrize("kind", ["risk_map", "strain_map"])
def test_an_arm_without_values_is_blank_below_its_own_name_alone(results, kind):
    """The fields of one arm are taken away: its column alone turns to the colour of what is not judged."""

    def without(arm, case):
        fields = results.fields(arm, case)
        none = {name: np.full(values.shape, np.nan) for name, values in fields.cells.items()}
        return replace(fields, cells=none) if arm == "cement" else fields

    figure = drawn(replace(results, fields=without), kind, f"{kind}_compression")
    for arm, panels in columns(figure).items():
        hues = np.concatenate([c.get_facecolors()[:, :3] for axes in panels for c in axes.collections])
        grey = np.ptp(hues / hues.max(axis=1, keepdims=True), axis=1) < 1e-6
        assert grey.all() == (arm == "cement")


def test_a_deformed_arm_is_below_its_own_name(results):
    figure = drawn(results, "deformed", "deformed_compression")
    view = views_of(results, ("anterior",))[0]
    moved = {arm: results.fields(arm, "compression") for arm in ARMS}
    shells = {arm: outer_shell(fields.mesh) for arm, fields in moved.items()}
    factor = exaggeration([(shells[arm], moved[arm].points["displacement"]) for arm in ARMS])
    for arm, panels in columns(figure).items():
        shape = shells[arm].moved(factor * moved[arm].points["displacement"])
        wanted = (shape.points @ view.frame[:2].T)[seen(shape, view)].reshape(-1, 2)
        found = np.concatenate([path.vertices[:3] for path in panels[0].collections[-1].get_paths()])
        np.testing.assert_allclose(found.max(axis=0), wanted.max(axis=0), rtol=1e-12)
        np.testing.assert_allclose(found.min(axis=0), wanted.min(axis=0), rtol=1e-12)
        np.testing.assert_allclose(np.sort(found[:, 1]), np.sort(wanted[:, 1]), rtol=1e-9)


def test_a_view_shows_the_items_of_the_arm_that_is_named_above_it(results):
    figure = drawn(results, "views", "views")
    hues = {kind: np.array(to_rgb(colour)) / max(to_rgb(colour)) for kind, colour in ITEM_COLOURS.items()}
    for arm, panels in columns(figure).items():
        shown = set()
        for collection in panels[0].collections:
            colour = collection.get_facecolors()[0, :3]
            shown |= {k for k, hue in hues.items() if np.abs(colour / max(colour) - hue).max() < 0.02}
        mesh = results.fields(arm, "compression").mesh
        there = [item for item in results.arms[arm] if item_mask(results, item, mesh).any()]
        assert shown == {results.items[item].kind for item in there}


def test_a_section_paints_stiffness_above_and_the_risk_of_each_load_below_for_the_arm_named(results):
    figure = drawn(results, "section", "section")
    rows = RUN_KINDS["section"].rows(results)
    for arm, panels in columns(figure).items():
        stiffness, *risks = (axes.collections[0].get_array() for axes in panels)
        assert 10.0 ** np.array(stiffness) == pytest.approx([row[f"young_MPa {arm}"] for row in rows])
        for case, painted in zip(results.load_cases, risks, strict=True):
            wanted = [row[f"risk {arm} {case}"] for row in rows]
            np.testing.assert_allclose(np.ma.filled(painted, np.nan), wanted)
    labels = " ".join(text.replace("\n", " ") for text, _ in texts(figure))
    assert "Young's modulus (MPa)" in labels
    assert labels.count("risk: load / failure load (-)") == len(results.load_cases)
