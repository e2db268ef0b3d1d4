"""Figures of sweeps that need no analysis: bars of means, heat maps, mesh convergence."""

import numpy as np
import pytest
from helpers.drawing import bars_of, crowded, outside, texts, width_in_mm

from femurfe.analysis import Outcomes
from femurfe.errors import InvalidData
from femurfe.figures import convergence_figure, heat_figures, mean_bars_figure
from femurfe.figures.bars import short
from femurfe.figures.bench import cost_figure, cost_rows
from femurfe.figures.curves import Curve, curve_figures, curve_rows, read_curves
from femurfe.figures.heat import heat_rows
from femurfe.figures.style import axis_words, look
from femurfe.figures.sweeps import arm_means

ARMS = ("intact", "lytic", "screw+cement")
NAMES, LABELS = ("a.size_mm", "b.share"), ("size (mm)", "share (-)")
NAN = float("nan")


def table():
    """Twelve cases of three arms, of which one lacks an arm."""
    values = np.random.default_rng(5).lognormal(8.0, 0.3, size=(12, 1)) * [1.0, 0.4, 0.9]
    values[3, 1] = NAN
    return Outcomes("failure_load_N", "stance", np.arange(12), ARMS, values)


def grid(outcome="risk"):
    """A case for each pair of three sizes and two shares; the last one failed."""
    pairs = [(size, share) for size in (4.0, 2.0, 3.0) for share in (0.5, 1.0)]
    return [
        {
            "load_case": "stance", "arm": arm, NAMES[0]: size, NAMES[1]: share, "mesh.size_mm": size,
            outcome: NAN if (size, share) == (3.0, 1.0) else k + size * share,
            "stiffness_error_percent": size,
        }
        for k, arm in enumerate(ARMS)
        for size, share in pairs
    ]  # fmt: skip


def test_bars_are_means_of_whole_cases_and_their_lines_the_interval():
    found = table()
    figure = mean_bars_figure(found, "failure load (N)")
    (axis,) = figure.axes
    whole = np.delete(found.values, 3, axis=0)
    assert bars_of(axis) == pytest.approx(whole.mean(axis=0))
    assert [label.get_text() for label in axis.get_yticklabels()] == list(ARMS)
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the first arm is on top
    for line, mean in zip(axis.lines, arm_means(found).values(), strict=True):
        assert list(line.get_xdata()) == [mean.low, mean.high]
        assert mean.low < mean.estimate < mean.high
    assert "11 of 12 cases whole" in figure.get_suptitle()
    assert axis.get_xlabel() == "mean failure load (N)"
    with pytest.raises(InvalidData, match="two cases"):
        mean_bars_figure(Outcomes("risk", "stance", np.arange(1), ARMS, found.values[:1]), "risk (-)")


def test_an_interval_of_the_mean_is_that_of_many_normal_cases():
    """1.96 standard errors to both sides."""
    values = np.random.default_rng(1).normal(10.0, 2.0, size=(400, 1))
    mean = arm_means(Outcomes("risk", "stance", np.arange(400), ("one",), values))["one"]
    reach = 1.96 * values.std() / 20.0
    assert mean.high - mean.estimate == pytest.approx(reach, rel=0.1)
    assert mean.estimate - mean.low == pytest.approx(reach, rel=0.1)


def test_a_heat_map_has_each_case_at_its_values_and_hatches_the_failed_one():
    (drawing,) = heat_figures(grid(), NAMES, LABELS, "risk", "stance")
    axes = drawing.figure.axes[: len(ARMS)]
    assert [axis.get_title() for axis in axes] == list(ARMS)
    for k, axis in enumerate(axes):
        drawn = axis.collections[0].get_array()
        wanted = k + np.outer([0.5, 1.0], [2.0, 3.0, 4.0])
        assert drawn.mask.tolist() == [[False] * 3, [False, True, False]]
        assert np.ma.allclose(drawn, np.ma.masked_invalid(wanted))
        assert [t.get_text() for t in axis.get_xticklabels()] == ["2", "3", "4"]
        assert axis.patch.get_hatch()
    words = [text.replace("\n", " ") for text, _ in texts(drawing.figure)]
    assert {"size (mm)", "share (-)", "risk (-), stance; hatched: no value"} <= set(words)
    rows = heat_rows(grid(), NAMES, "risk", "stance")
    assert [row["n_cases"] for row in rows].count(0) == len(ARMS)


def test_a_heat_map_without_gaps_says_nothing_of_hatching_and_has_whole_numbers_on_its_axes():
    rows = [{**row, NAMES[0]: 1000.0 * row[NAMES[0]], "risk": row[NAMES[0]]} for row in grid()]
    (drawing,) = heat_figures(rows, NAMES, LABELS, "risk", "stance")
    words = [text for text, _ in texts(drawing.figure)]
    assert "risk (-), stance" in words
    assert {"2000", "3000", "4000"} <= set(words)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0.00"), (0.5, "0.500"), (54.95, "55.0"), (174.8, "175"), (999.4, "999"), (999.7, "1000"),
     (12206.4, "12206"), (-41.0, "-41.0")],
)  # fmt: skip
def test_numbers_in_figures_have_three_digits_or_are_whole(value, said):
    assert short(value) == said


def test_a_heat_map_of_scattered_cases_is_refused_and_points_to_a_chart():
    rows = [{**row, NAMES[0]: 0.1 * i + 0.123456, NAMES[1]: 0.01 * i} for i, row in enumerate(grid())]
    with pytest.raises(
        InvalidData, match=r"needs cases on a grid, got \d+ pairs .*; a chart takes scattered"
    ):
        next(heat_figures(rows, NAMES, LABELS, "risk", "stance"))


def test_a_heat_map_of_texts_or_of_nothing_is_refused():
    with pytest.raises(InvalidData, match="over numbers"):
        next(heat_figures([{**row, NAMES[0]: "x"} for row in grid()], NAMES, LABELS, "risk", "stance"))
    with pytest.raises(InvalidData, match="no case has a value"):
        next(heat_figures([{**row, "risk": NAN} for row in grid()], NAMES, LABELS, "risk", "stance"))


def test_convergence_runs_to_finer_meshes_and_its_whiskers_are_the_estimated_error():
    rows = [row for row in grid("stiffness_N_per_mm") if row[NAMES[1]] == 0.5]
    (axis,) = convergence_figure(rows, "stiffness_N_per_mm", "stance").axes
    assert axis.get_xlim()[0] > axis.get_xlim()[1]
    assert axis.get_ylabel() == "stiffness (N/mm)"
    for k, container in enumerate(axis.containers):
        assert list(container.lines[0].get_ydata()) == [k + 1.0, k + 1.5, k + 2.0]
        (bars,) = container.lines[2]
        low = sorted(segment[:, 1].min() for segment in bars.get_segments())
        assert low == pytest.approx([(k + 0.5 * s) * (1 - s / 100) for s in (2.0, 3.0, 4.0)])
    with pytest.raises(InvalidData, match="two sizes"):
        convergence_figure(rows[:1], "stiffness_N_per_mm", "stance")


def test_cost_leaves_out_runs_that_failed_and_reads_both_kinds_of_records():
    run = {"title": "femurfe", "seconds": {"total": 2.0}, "peak_mb": 10.0}
    failed = {"title": "other", "failed": "no licence"}
    peers = [{"n_dofs": 1000, "runs": [run, failed]}, {"n_dofs": 100, "runs": [{**run, "peak_mb": 1.0}]}]
    assert [row["program"] for row in cost_rows(peers)] == ["femurfe", "femurfe"]
    (line,) = cost_figure(peers, "single").axes[0].get_lines()
    assert list(line.get_xdata()) == [100, 1000]
    scaling = [{"n_dofs": 50, "seconds": {"total": 1.0}, "peak_mb": 5.0}]
    assert cost_rows(scaling) == [{"program": "femurfe", "unknowns": 50, "seconds": 1.0, "peak_mb": 5.0}]
    with pytest.raises(InvalidData, match="did not fail"):
        cost_figure([{"n_dofs": 1, "runs": [failed]}])


def test_curves_come_back_from_the_numbers_behind_their_figure(tmp_path):
    from femurfe.study.table import csv_text

    curves = [Curve("lytic", "stance", np.array([0.0, 1.0, 2.0]), np.array([0.0, 900.0, 1200.0]))]
    (tmp_path / "curves.csv").write_text(csv_text(curve_rows(curves)))
    (back,) = read_curves(tmp_path / "curves.csv")
    assert (back.arm, back.load_case, back.measure) == ("lytic", "stance", "force")
    assert (back.motion == curves[0].motion).all()
    assert (back.load == curves[0].load).all()
    (drawing,) = curve_figures([back], "single")
    (line,) = drawing.figure.axes[0].get_lines()
    assert list(line.get_ydata()) == [0.0, 900.0, 1200.0]


@pytest.mark.parametrize(
    "text", ["", "arm,load\nlytic,1\n", "arm,load_case,motion,load\na,b,one,2\na,b,2,3\n"]
)
def test_a_file_without_curves_is_one_error(tmp_path, text):
    from femurfe.errors import FemurfeError

    (tmp_path / "curves.csv").write_text(text)
    with pytest.raises(FemurfeError, match=r"curves\.csv holds no curves|no curve"):
        list(curve_figures(read_curves(tmp_path / "curves.csv")))


def test_a_curve_needs_as_many_motions_as_loads():
    with pytest.raises(InvalidData, match="two or more points"):
        Curve("a", "b", np.zeros(3), np.zeros(2))
    with pytest.raises(InvalidData, match="force or of a moment"):
        Curve("a", "b", np.zeros(3), np.zeros(3), measure="pressure")


@pytest.mark.parametrize("width", ["single", "double"])
def test_figures_of_twenty_arms_stay_in_the_page_and_their_labels_apart(width):
    names = tuple(f"pins and cement of the {i:02d}th make, long name" for i in range(20))
    values = np.random.default_rng(2).random((6, 20))
    many = Outcomes("risk", "stance", np.arange(6), names, values)
    rows = [{**row, "arm": name} for name in names for row in grid() if row["arm"] == "lytic"]
    made = [mean_bars_figure(many, "risk (-)", width), convergence_figure(rows, "risk", "stance", width)]
    made += [drawing.figure for drawing in heat_figures(rows, NAMES, LABELS, "risk", "stance", width)]
    for figure in made:
        assert width_in_mm(figure) == pytest.approx({"single": 88.0, "double": 180.0}[width])
        assert outside(figure) == []
        assert crowded(figure) == []


def test_twenty_four_arms_have_looks_of_their_own():
    looks = {tuple(sorted(look(i).items())) for i in range(24)}
    assert len(looks) == 24


def test_a_name_without_a_unit_says_so():
    assert (axis_words("risk"), axis_words("failure_load_N")) == ("risk (-)", "failure load (N)")


def test_curves_of_arms_that_broke_are_read_by_their_units():
    from femurfe.figures.curves import curves_of_rows

    rows = [
        {
            "arm": "lytic",
            "load_case": "twist",
            "motion_mm": NAN,
            "load_N": NAN,
            "angle_deg": x,
            "moment_Nm": 2 * x,
        }
        for x in (0.5, 1.0)
    ]
    (curve,) = curves_of_rows(rows, {"twist": "moment"})
    assert (list(curve.motion), list(curve.load), curve.measure) == ([0.5, 1.0], [1.0, 2.0], "moment")
