"""Figures of sweeps show the numbers they are given, inside the page."""

import numpy as np
import pytest
from helpers.drawing import outside, overlapping, texts
from scipy import stats

from femurfe.analysis import (
    Blocks,
    Interval,
    Outcomes,
    compare_pairs,
    load_by_arm,
    median_chart,
    morris_effects,
    probability_chart,
    rank_stability,
    sobol_indices,
)
from femurfe.errors import InvalidData
from femurfe.figures import (
    design_chart_figure,
    morris_figure,
    paired_figure,
    probability_figure,
    rank_figure,
    save,
    sobol_figure,
    tornado_figure,
)
from femurfe.figures.style import TALLEST, arm_words, unit_of, words, wrapped

RNG = np.random.default_rng(4)
EFFECTS = {
    "cement_fraction": Interval(120.0, 80.0, 150.0),
    "lesion_volume_ml": Interval(-300.0, -340.0, -250.0),
    "screw_diameter_mm": Interval(10.0, -5.0, 25.0),
}
NAMES = tuple(EFFECTS)
POINTS = RNG.random((60, 2))


def indices():
    values = RNG.random((5, 40))
    values[2, 7] = np.nan
    return sobol_indices(Blocks(values[0], values[1], values[2:].T), NAMES, resamples=100)


def effects():
    path = np.vstack([np.zeros(3), np.tril(np.ones((3, 3)))])
    points = np.tile(path, (6, 1))
    return morris_effects(points, points @ [3.0, -1.0, 2.0] + 0.1 * RNG.random(24), NAMES)


def arms():
    bone = RNG.lognormal(8.0, 0.3, size=20)
    values = np.stack([bone, 1.2 * bone + 50.0 * RNG.normal(size=20), 1.4 * bone], axis=1)
    values[3, 1] = np.nan
    return Outcomes("failure_load_N", "stance", np.arange(20), ("lytic", "cement", "screw+cement"), values)


def charts():
    yield median_chart(POINTS, 2000.0 + 900.0 * POINTS.sum(axis=1), ("a", "b"), "load", grid=11), False
    yield probability_chart(POINTS, (POINTS.sum(axis=1) > 1.0).astype(float), ("a", "b"), grid=11), True


def chart_figure(chart, probability):
    return design_chart_figure(
        chart, ("cement, share of the lesion (-)", "screw diameter (mm)"), "load (N)", probability=probability
    )


def all_figures():
    table = arms()
    yield tornado_figure(EFFECTS, "standardised coefficient (SD of the stiffness per SD of the parameter)")
    yield sobol_figure(indices(), "stiffness (N/mm), screw + cement, single-leg stance")
    yield morris_figure(effects(), "N/mm")
    yield paired_figure(table, compare_pairs(table, resamples=100), "failure load (N)")
    yield from (chart_figure(*one) for one in charts())
    yield probability_figure(load_by_arm(table, stats.norm(4000.0, 800.0), resamples=100))
    yield rank_figure(rank_stability(table, lower_is_better=False, resamples=100))


def test_everything_stands_inside_its_page():
    for figure in all_figures():
        figure.draw_without_rendering()
        page = figure.bbox.padded(1.0)
        for part in (*figure.axes, *figure.legends):
            box = part.get_tightbbox()
            assert page.x0 <= box.x0 < box.x1 <= page.x1, part
            assert page.y0 <= box.y0 < box.y1 <= page.y1, part


def test_no_words_run_into_each_other():
    for figure in all_figures():
        assert overlapping(figure) == []


def test_the_largest_effect_is_on_top_and_signs_have_their_colours():
    axis = tornado_figure(EFFECTS, "effect (N/mm)").axes[0]
    assert [bar.get_width() for bar in axis.patches] == [10.0, 120.0, -300.0]
    assert [t.get_text() for t in axis.get_yticklabels()][-1] == "lesion volume (ml)"
    colours = [bar.get_facecolor() for bar in axis.patches]
    assert colours[0] == colours[1] != colours[2]
    ends = [line.get_xdata() for line in axis.lines[:3]]
    assert [list(x) for x in ends] == [[-5.0, 25.0], [80.0, 150.0], [-340.0, -250.0]]


def test_bars_are_the_indices_and_the_title_counts_what_is_left_out():
    found = indices()
    figure = sobol_figure(found, "stiffness")
    axis = figure.axes[0]
    widths = {round(bar.get_width(), 12) for bar in axis.patches}
    assert {round(i.estimate, 12) for i in found.main + found.total} <= widths
    assert "39 base points, 1 left out\nintervals not all narrower than 0.05" in figure.get_suptitle()


def test_points_are_size_and_spread_of_the_effects():
    found = effects()
    axis = morris_figure(found, "N/mm").axes[0]
    drawn = {tuple(np.round(c.lines[0].get_xydata()[0], 9)) for c in axis.containers}
    assert drawn == {(round(e.mu_star.estimate, 9), round(e.sigma.estimate, 9)) for e in found}


def test_parameters_without_an_effect_are_said_to_have_none():
    """Their markers lie on each other at the origin."""
    path = np.tile(np.vstack([np.zeros(3), np.tril(np.ones((3, 3)))]), (6, 1))
    figure = morris_figure(morris_effects(path, 3.0 * path[:, 0], NAMES), "N/mm", "stiffness, intact")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["cement fraction", "lesion volume (ml): no effect", "screw diameter (mm): no effect"]
    assert figure.get_suptitle().startswith("stiffness, intact\n6 effects of each parameter; bars:")
    for nothing in (morris_figure(morris_effects(path, 0.0 * path[:, 0], NAMES), "N/mm"), figure):
        assert nothing.axes[0].get_xlim()[1] > 0.0
        assert outside(nothing) == []


@pytest.mark.parametrize("width", ["single", "double"])
def test_many_parameters_with_long_names_stand_apart_below_the_plane(width):
    names = tuple(f"items.a_very_long_name_of_an_item_{i}.volume_ml" for i in range(12))
    path = np.tile(np.vstack([np.zeros(12), np.tril(np.ones((12, 12)))]), (6, 1))
    values = path @ np.arange(12.0) + RNG.random(len(path))
    figure = morris_figure(morris_effects(path, values, names), "N", "failure load", width)
    assert outside(figure) == []
    assert overlapping(figure) == []


def twenty():
    """Twenty arms of long names on nine cases."""
    names = ("intact", *(f"screw {d:.1f} mm + cement {c} %" for c in range(1, 20) for d in (c,)))
    values = RNG.lognormal(8.0, 0.3, size=(9, 1)) * np.linspace(1.0, 2.0, 20) + RNG.normal(size=(9, 20))
    return Outcomes("failure_load_N", "stance", np.arange(9), names, values)


@pytest.mark.parametrize("width", ["single", "double"])
def test_many_arms_are_compared_with_the_first_one_in_a_figure_that_fits_a_page(width):
    table = twenty()
    found = compare_pairs(table, resamples=100)
    figure = paired_figure(table, found, "failure load (N)", width)
    left, right = figure.axes
    assert len(left.lines) == 9 + 1
    assert [t.get_text().replace("\n", " ").replace("\u00a0", " ") for t in right.get_yticklabels()] == [
        name.replace(" + ", "+") for name in table.arms[1:]
    ]
    against = [effect for effect in found if effect.baseline == "intact"]
    assert len(right.lines) == 3 * len(against) + 1 == 3 * 19 + 1
    assert (right.lines[0].get_xdata() == against[0].differences).all()
    assert right.get_title(loc="left").startswith("19 of 190 pairs: arm less intact\n")
    assert figure.get_figheight() * 25.4 <= TALLEST
    assert outside(figure) == []
    assert overlapping(figure) == []


@pytest.mark.parametrize(("width", "numbers"), [("single", 0), ("double", 20 * 20)])
def test_ranks_of_many_arms_have_numbers_where_there_is_room_for_them(width, numbers):
    ranks = rank_stability(twenty(), lower_is_better=False, resamples=100)
    figure = rank_figure(ranks, width)
    assert len(figure.axes[0].texts) == numbers
    assert np.isfinite(figure.axes[0].collections[0].get_array().filled(np.nan)).sum() == 20 * 20
    assert outside(figure) == []
    assert overlapping(figure) == []
    assert "probability (-)" in [words for words, _ in texts(figure)]


def test_each_pair_shows_its_differences_and_their_median():
    table = arms()
    found = compare_pairs(table, resamples=100)
    left, right = paired_figure(table, found, "failure load (N)").axes
    assert len(left.lines) == 20 + 1
    for i, effect in enumerate(found):
        points, interval, median = right.lines[3 * i : 3 * i + 3]
        assert (points.get_xdata() == effect.differences).all()
        assert list(interval.get_xdata()) == [effect.median.low, effect.median.high]
        assert list(median.get_xdata()) == [effect.median.estimate]
    notes = [note.get_text() for note in right.texts]
    assert "n = 19, 1 left out" in notes[0]
    assert "p < 0.001 (Holm)" in notes[0]
    assert "n = 20" in notes[1]
    assert "left out" not in notes[1]


def test_a_chart_says_that_it_is_fitted_and_shows_every_case():
    for chart, probability in charts():
        axis, bar = chart_figure(chart, probability).axes
        title = " ".join(axis.get_title(loc="left").split())
        assert f"{chart.method} through 60 cases" in title
        assert "leave-one-out error" in title
        assert (axis.collections[-1].get_offsets() == POINTS).all()
        assert (axis.collections[-1].get_array() == chart.values).all()
        if probability:
            assert bar.get_ylim() == (0.0, 1.0)


def test_each_arm_shows_its_probability_and_what_is_left_out():
    found = load_by_arm(arms(), stats.norm(4000.0, 800.0), resamples=100)
    axis = probability_figure(found).axes[0]
    for i, one in enumerate(found):
        interval, point = axis.lines[2 * i : 2 * i + 2]
        assert list(interval.get_xdata()) == [one.probability.low, one.probability.high]
        assert list(point.get_xdata()) == [one.probability.estimate]
    assert "n = 19\n1 left out" in axis.texts[1].get_text()
    assert axis.get_xlim() == (0.0, 1.0)


def test_the_matrix_of_ranks_has_rows_that_beat_columns():
    found = rank_stability(arms(), lower_is_better=False, resamples=100)
    axis = rank_figure(found).axes[0]
    drawn = axis.collections[0].get_array()
    assert drawn[2, 0] == found.better["screw+cement", "lytic"].estimate == 1.0
    assert drawn[0, 2] == 0.0
    assert list(drawn[:, 3]) == [one.estimate for one in found.best]
    assert drawn.mask[0, 0]
    assert "19 cases, 1 left out\nKendall's W" in axis.get_title(loc="left")


def test_no_figure_holds_a_picture_of_pixels(tmp_path):
    for i, figure in enumerate(all_figures()):
        file, _ = save(figure, tmp_path / str(i))
        assert b"/Subtype /Image" not in file.read_bytes()


def test_the_same_figure_gives_the_same_files(tmp_path):
    (chart, probability) = next(iter(charts()))
    first = save(chart_figure(chart, probability), tmp_path / "one")
    other = save(chart_figure(chart, probability), tmp_path / "two")
    for a, b in zip(first, other, strict=True):
        assert a.read_bytes() == b.read_bytes()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("screw_diameter_mm", "screw diameter (mm)"),
        ("stiffness_N_per_mm", "stiffness (N/mm)"),
        ("stiffness_Nm_per_deg", "stiffness (N m/deg)"),
        ("failure_load_N", "failure load (N)"),
        ("cement_fraction", "cement fraction"),
    ],
)
def test_units_in_names_become_units_in_brackets(name, label):
    assert words(name) == label


def test_names_of_arms_are_broken_at_a_plus_and_never_before_a_unit():
    assert arm_words("screw 4.0 mm + cement 50 %", 26.0) == "screw 4.0\u00a0mm +\ncement 50\u00a0%"
    assert arm_words("screw+cement", 40.0) == "screw+cement"


def test_long_labels_are_broken():
    assert wrapped("a long label of many words", 20.0) == "a long label\nof many words"
    assert wrapped("screw+ intramedullarynail", 16.0) == "screw+\nintramedullarynail"


def test_nothing_to_draw_is_refused():
    with pytest.raises(InvalidData, match="at least one parameter"):
        tornado_figure({}, "effect")
    with pytest.raises(InvalidData, match="at least one parameter"):
        morris_figure((), "N")
    with pytest.raises(InvalidData, match="at least one pair"):
        paired_figure(arms(), (), "load (N)")
    with pytest.raises(InvalidData, match="at least one arm"):
        probability_figure(())


def test_titles_stand_over_figures_of_effects_and_units_are_those_of_the_name():
    assert (unit_of("stiffness_N_per_mm"), unit_of("failure_load_N"), unit_of("risk")) == ("N/mm", "N", "-")
    figure = tornado_figure(EFFECTS, "coefficient (-)", "risk, cement, stance")
    assert figure.get_suptitle() == "risk, cement, stance"
    points = np.array([[0.0], [1.0]] * 6)
    effects = morris_effects(points, RNG.random(12), ("cement_fraction",))
    assert (
        morris_figure(effects, "N", "failure load, cement")
        .get_suptitle()
        .startswith("failure load, cement\n")
    )
