"""Figures of a real run: what they show is what was solved, whatever the arms are called."""

import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from helpers.drawing import bars_of, crowded, outside, texts, width_in_mm
from helpers.meshes import block, split_by
from helpers.studies import SCREW, changed, command, written
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from femurfe import api
from femurfe.errors import FemurfeError, InvalidData, MissingExtra, UnknownName, UnreadableFile
from femurfe.figures import draw, read_source
from femurfe.figures.deformed import exaggeration
from femurfe.figures.kinds import RUN_KINDS
from femurfe.figures.shells import Shell, View, draw_values, outer_shell, standard_views, views_of
from femurfe.figures.style import ITEM_COLOURS, NOT_JUDGED, TALLEST
from femurfe.mesh.split import split
from femurfe.mesh.topology import boundary
from femurfe.shapes import Sphere
from femurfe.study.read import parse_study
from femurfe.study.results import read_results, results_of
from femurfe.study.sweep.key import case_key

PLAIN = [name for name, kind in RUN_KINDS.items() if not kind.extra]
SCENES = [name for name, kind in RUN_KINDS.items() if kind.extra]
CHARTS = ("bars", "slopes", "curves", "interaction", "combined")
ARMS = ("intact", "lytic", "cement", "screw+cement")


def study(**more):
    """A vertebra of large cells: four arms, a force and a moment."""
    tables = changed(
        items__screw={**SCREW, "mesh_size_mm": 4.0},
        arms={},
        loads__twist={"case": "torsion", "moment_Nm": 5.0},
        **more,
    )
    items = ([], ["lesion"], ["lesion", "cement"], ["lesion", "cement", "screw"])
    tables["arms"] = dict(zip(ARMS, items, strict=True))
    return tables


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The study, run, with figures in one column."""
    folder = tmp_path_factory.mktemp("figures")
    wishes = {"kinds": ["bars", "views", "risk_map"], "width": "single", "formats": ["svg", "pdf"]}
    return api.run(written(folder, study(figures=wishes)), folder / "out")


@pytest.fixture(scope="module")
def results(run):
    """Its results as they are read back."""
    return read_results(run.folder)


def as_broken(row):
    """A row of the linear limit as if paths had found it."""
    limits = {"ultimate_load_N": row["failure_load_N"], "ultimate_moment_Nm": row["failure_moment_Nm"]}
    return {**row, **limits, "peak_reached": row["direction_deg"] > 0.0}


def many(results, n=20):
    """The results under ``n`` arms with the longest names there may be."""
    names = [f"vertebroplasty of both pedicles with cement of the {i:02d}th make, no"[:64] for i in range(n)]
    rows = [{**row, "arm": name} for name in names for row in results.rows if row["arm"] == "screw+cement"]
    mixed = [
        {**row, "arm": name}
        for name in names
        for row in results.interaction()
        if row["arm"] == "screw+cement"
    ]
    items = results.arms["screw+cement"]
    return replace(
        results, arms=dict.fromkeys(names, items), rows=tuple(rows), interaction=lambda: mixed,
        combined=tuple(map(as_broken, mixed)),
        fields=lambda _, case: results.fields("screw+cement", case),
    )  # fmt: skip


# What is read back


def test_results_read_back_are_those_in_memory(run, results):
    memory = results_of(run.outcome.comparison, "small")
    for back, row in zip(results.rows, memory.rows, strict=True):
        assert back.keys() == row.keys()
        assert all(back[key] == row[key] or row[key] != row[key] for key in row)
    assert dict(results.arms) == dict(memory.arms)
    for name, axis in memory.axes.items():
        assert (results.axes[name] == axis).all()
    for name, item in memory.items.items():
        back = results.items[name]
        assert (back.kind, back.regions) == (item.kind, item.regions)
        assert (back.centre == item.centre).all()
    one, two = results.fields("lytic", "twist"), memory.fields("lytic", "twist")
    assert (one.mesh.cells == two.mesh.cells).all()
    for name, values in two.cells.items():
        np.testing.assert_array_equal(one.cells[name], values)
    np.testing.assert_array_equal(one.points["displacement"], two.points["displacement"])


def test_a_folder_without_results_is_refused(tmp_path, run):
    with pytest.raises(UnreadableFile, match="neither the folder"):
        read_source(tmp_path)
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(UnreadableFile, match="run the study again"):
        read_results(tmp_path)
    (tmp_path / "summary.json").write_text("no json")
    with pytest.raises(UnreadableFile, match="holds no results"):
        read_results(tmp_path)
    (tmp_path / "race.json").write_text('{"results": [{"seconds": {}}]}')
    with pytest.raises(UnreadableFile, match="no results of a benchmark"):
        read_source(tmp_path / "race.json")


# What the study file says


def test_a_run_leaves_the_figures_its_study_wishes_with_their_numbers(run):
    names = {path.name for path in (run.folder / "figures").iterdir()}
    assert {"bars.svg", "bars.pdf", "bars.csv", "views_2.svg", "risk_map_twist.pdf", "risk_map.csv"} <= names
    assert not any(name.endswith(".png") for name in names)
    assert not any(name.startswith((".", "slopes")) for name in names)


def test_figures_from_the_folder_are_those_of_the_run_byte_for_byte(run, tmp_path):
    api.figures(run.folder, ["bars", "views", "risk_map"], out=tmp_path)
    first = {path.name: path.read_bytes() for path in (run.folder / "figures").iterdir()}
    again = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert first == again


def test_an_unknown_kind_is_refused_before_anything_is_solved(tmp_path):
    path = written(tmp_path, study(figures={"kinds": ["riskmap"]}))
    with pytest.raises(UnknownName, match="did you mean 'risk_map'"):
        api.run(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_figures_are_in_no_key(tmp_path):
    plain, drawn = (parse_study(study(**more)) for more in ({}, {"figures": {"width": "single"}}))
    assert case_key(plain, {}) == case_key(drawn, {})


def test_the_key_of_a_run_does_not_hold_its_figures(run, tmp_path):
    from femurfe.study.provenance import study_key
    from femurfe.study.run import resolved

    key = json.loads((run.folder / "summary.json").read_text())["key"]
    assert key == study_key(resolved(parse_study(study())))


# What figures show


def test_bars_are_the_table_and_their_whiskers_the_discretisation_error(results):
    (drawing,) = draw(results, "bars")
    axes = drawing.figure.axes
    rows = [row for row in results.rows if row["load_case"] == "compression"]
    for axis, column in zip(axes, ("stiffness_N_per_mm", "risk", "failure_load_N"), strict=False):
        assert bars_of(axis) == [row[column] for row in rows]
    assert [axis.get_xlabel() for axis in axes] == [
        "stiffness (N/mm)", "risk: load / failure load (-)", "failure load (N)",
        "stiffness (N m/deg)", "risk: load / failure load (-)", "failure moment (N m)",
    ]  # fmt: skip
    assert [t.get_text() for t in axes[0].get_yticklabels()] == list(ARMS)
    ends = sorted(segment[0][0] for c in axes[0].collections for segment in c.get_segments())
    lower = [r["stiffness_N_per_mm"] * (1 - r["stiffness_error_percent"] / 100) for r in rows]
    assert ends == pytest.approx(sorted(lower))


def test_slopes_are_shares_of_the_first_arm(results):
    (drawing,) = draw(results, "slopes", "single")
    stiffness, failure = drawing.figure.axes[:2]
    for axis, columns in (
        (stiffness, ("stiffness_N_per_mm", "stiffness_Nm_per_deg")),
        (failure, ("failure_load_N", "failure_moment_Nm")),
    ):
        for container, case, column in zip(axis.containers, results.load_cases, columns, strict=True):
            values = np.array([results.row(arm, case)[column] for arm in ARMS])
            assert container.lines[0].get_xdata() == pytest.approx(100.0 * values / values[0])
    assert stiffness.get_xlabel() == "stiffness (% of intact)"


def test_linear_curves_have_the_slope_of_the_stiffness_and_end_at_failure(results):
    (drawing,) = draw(results, "curves")
    force, moment = drawing.figure.axes
    assert (force.get_xlabel(), force.get_ylabel()) == ("displacement (mm)", "load (N)")
    assert (moment.get_xlabel(), moment.get_ylabel()) == ("rotation (deg)", "moment (N m)")
    for arm, line in zip(ARMS, force.get_lines()[::2], strict=True):
        row = results.row(arm, "compression")
        (_, x), (_, y) = line.get_xdata(), line.get_ydata()
        assert y == row["failure_load_N"]
        assert y / x == pytest.approx(row["stiffness_N_per_mm"])


def test_curves_that_a_study_left_are_drawn_instead(results):
    rows = [
        {"arm": "lytic", "load_case": "compression", "motion": x, "load": 900.0 * x - 100.0 * x**2}
        for x in (0.0, 1.0, 2.0, 3.0)
    ]
    (drawing,) = draw(replace(results, curves=tuple(rows)), "curves", "single")
    (line,) = drawing.figure.axes[0].get_lines()
    assert list(line.get_ydata()) == [0.0, 800.0, 1400.0, 1800.0]
    assert not any("linear" in words for words, _ in texts(drawing.figure))


def test_the_curve_of_a_broken_arm_starts_at_rest_and_is_marked_where_it_yields_and_peaks(results):
    """Steps are kept from the first one on, not the state at rest."""
    steps = ((1.0, 800.0), (2.0, 1400.0), (3.0, 1200.0), (4.0, 900.0))
    rows = [{"arm": "lytic", "load_case": "compression", "motion_mm": x, "load_N": y} for x, y in steps]
    broken = {"ultimate_load_N": 1400.0, "yield_load_N": 1100.0, "peak_reached": 1.0}
    table = tuple({**row, **broken} for row in results.rows)
    (drawing,) = draw(replace(results, rows=table, curves=tuple(rows)), "curves", "single")
    (axis,) = drawing.figure.axes
    curve, peak, first = axis.get_lines()
    assert curve.get_xydata().tolist() == [[0.0, 0.0], *map(list, steps)]
    assert peak.get_xydata().tolist() == [[2.0, 1400.0]]
    assert first.get_xydata().tolist() == [[1.5, 1100.0]]
    assert "○: yields, ×: greatest load" in [words for words, _ in texts(drawing.figure)]
    table = tuple({**row, **broken, "peak_reached": 0.0} for row in results.rows)
    (growing,) = draw(replace(results, rows=table, curves=tuple(rows)), "curves", "single")
    assert len(growing.figure.axes[0].get_lines()) == 2  # a load that still grew is no ultimate one


def test_mixed_loads_meet_the_failure_loads_of_each_alone(results):
    (drawing,) = draw(results, "interaction", "single")
    (axis,) = drawing.figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("compression: load (N)", "twist: moment (N m)")
    for arm, line in zip(ARMS, axis.get_lines(), strict=False):
        force, moment = line.get_xdata(), line.get_ydata()
        assert force[len(force) // 2] == pytest.approx(
            results.row(arm, "compression")["failure_load_N"], rel=0.2
        )
        assert moment[-1] == pytest.approx(results.row(arm, "twist")["failure_moment_Nm"], rel=0.2)
        steps = np.diff(np.stack([force, moment], axis=1), axis=0)
        turns = steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]
        assert turns.min() > -1e-9 * np.abs(turns).max()  # the criteria are convex


def test_a_map_colours_each_triangle_by_its_cell_and_leaves_grey_what_is_not_judged(results):
    fields = results.fields("lytic", "compression")
    shell = outer_shell(fields.mesh)
    values = fields.cells["risk"][shell.cells]
    (view,) = views_of(results, ["anterior"])
    import matplotlib.figure

    axis = matplotlib.figure.Figure().subplots()
    colours = colormaps["magma_r"].with_extremes(bad=NOT_JUDGED)
    draw_values(axis, shell, view, values, colours, (0.0, 0.5))
    normals = np.cross(shell.points[:, 1] - shell.points[:, 0], shell.points[:, 2] - shell.points[:, 0])
    front = normals @ view.frame[2] > 0.0
    drawn = axis.collections[0].get_facecolors()[:, :3]
    assert len(drawn) == front.sum()
    hue = drawn / drawn.max(axis=1, keepdims=True)
    grey = np.abs(hue - np.array(to_rgb(NOT_JUDGED)) / max(to_rgb(NOT_JUDGED))).max(axis=1) < 1e-6
    assert grey.sum() == np.isnan(values[front]).sum() > 0
    wanted = colours(np.nanmax(values[front]) / 0.5)[:3]
    assert (np.abs(hue - np.array(wanted) / max(wanted)).max(axis=1) < 1e-3).any()


def test_the_numbers_behind_a_map_are_those_of_the_fields(run, results):
    rows = list(csv.DictReader((run.folder / "figures" / "risk_map.csv").open(encoding="utf-8")))
    fields = results.fields("cement", "twist")
    values = fields.cells["risk"][outer_shell(fields.mesh).cells]
    back = [float(row["risk cement"] or "nan") for row in rows if row["load_case"] == "twist"]
    np.testing.assert_allclose(back, values, rtol=1e-8)


def test_views_are_from_where_their_names_say(results):
    names = ("anterior", "posterior", "left", "right", "superior")
    found = {view.name: view.frame for view in views_of(results, names)}
    towards = {name: frame[2] for name, frame in found.items()}
    axes = results.axes
    assert towards["anterior"] @ axes["anterior"] > 0.99
    assert towards["posterior"] @ axes["anterior"] < -0.99
    assert towards["left"] @ axes["left"] > 0.99
    assert towards["right"] @ axes["left"] < -0.99
    assert towards["superior"] @ axes["proximal"] > 0.99
    assert found["anterior"][0] @ axes["left"] > 0.99  # the patient's left on the right of the picture
    for frame in found.values():
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(frame) == pytest.approx(1.0)


@pytest.mark.parametrize("medial", [1.0, -1.0])
def test_a_femur_is_seen_from_its_medial_and_lateral_side_on_either_body_side(results, medial):
    left = results.axes["left"]
    sides = {k: v for k, v in results.axes.items() if k in ("anterior", "proximal")} | {
        "medial": medial * left
    }
    femur = replace(results, axes=sides, site="femur")
    assert standard_views(femur) == ("anterior", "posterior", "medial", "lateral")
    found = {view.name: view.frame[2] for view in views_of(femur, standard_views(femur))}
    assert found["medial"] @ left == pytest.approx(medial, abs=0.02)
    assert found["lateral"] @ left == pytest.approx(-medial, abs=0.02)


def test_a_deformed_shape_is_the_displacement_times_the_factor_that_is_said(results):
    drawings = draw(results, "deformed")
    assert [drawing.name for drawing in drawings] == ["deformed_compression", "deformed_twist"]
    moved = [
        (outer_shell((f := results.fields(arm, "twist")).mesh), f.points["displacement"]) for arm in ARMS
    ]
    factor = exaggeration(moved)
    assert f"deformation × {factor:g};" in drawings[1].figure.get_suptitle()
    shell, u = moved[1]
    np.testing.assert_allclose(
        shell.moved(factor * u).points - shell.points, factor * u[shell.ids], atol=1e-12
    )
    size = np.linalg.norm(np.ptp(shell.points.reshape(-1, 3), axis=0))
    largest = factor * max(np.linalg.norm(u[s.ids], axis=2).max() for s, u in moved)
    assert 0.03 < largest / size <= 0.1
    assert exaggeration([(shell, 0.0 * u)]) == 1.0


def test_a_section_outlines_each_item_only_in_arms_that_have_it(results):
    pages = draw(results, "section")
    axes = pages[0].figure.axes[: len(ARMS)]
    outlined = [{c.get_label() for c in axis.collections if c.get_label() in results.items} for axis in axes]
    assert outlined == [set(), {"lesion"}, {"lesion", "cement"}, {"lesion", "cement", "screw"}]
    rows = RUN_KINDS["section"].rows(results)
    painted = axes[0].collections[0].get_array()
    assert 10.0 ** np.array(painted) == pytest.approx([row["young_MPa intact"] for row in rows])


# What must not break a figure


@pytest.mark.slow
@pytest.mark.parametrize("width", ["single", "double"])
@pytest.mark.parametrize("kind", CHARTS)
def test_charts_stay_in_the_page_and_their_labels_apart(results, kind, width):
    broken = replace(results, combined=tuple(map(as_broken, results.interaction())))
    for source in (broken, many(results)):
        for drawing in draw(source, kind, width):
            assert width_in_mm(drawing.figure) == pytest.approx({"single": 88.0, "double": 180.0}[width])
            assert drawing.figure.get_figheight() * 25.4 <= TALLEST + 1.0
            assert outside(drawing.figure) == []
            assert crowded(drawing.figure) == []


@pytest.mark.parametrize("kind", ["section", "views"])
def test_pictures_of_many_arms_go_on_to_further_pages(results, kind):
    drawings = draw(many(results, 6), kind)
    assert [drawing.name for drawing in drawings] == [kind, f"{kind}_2"]
    assert drawings[0].figure.get_figheight() * 25.4 <= TALLEST + 1.0
    assert outside(drawings[-1].figure) == []


@pytest.mark.parametrize("kind", [name for name in PLAIN if name not in ("interaction", "combined")])
def test_one_arm_under_one_load_is_drawn(results, kind):
    rows = tuple(row for row in results.rows if (row["arm"], row["load_case"]) == ("intact", "compression"))
    cases = {"compression": results.load_cases["compression"]}
    one = replace(results, arms={"intact": ()}, items={}, load_cases=cases, rows=rows, interaction=list)
    drawings = draw(one, kind, "single")
    assert len(drawings) == 1
    assert outside(drawings[0].figure) == []
    assert RUN_KINDS[kind].rows(one)


@pytest.mark.parametrize("kind", ["bars", "slopes", "section", "risk_map", "interaction"])
def test_an_arm_that_lacks_a_result_is_left_out_or_said(results, kind):
    rows = tuple(row for row in results.rows if (row["arm"], row["load_case"]) != ("cement", "compression"))
    mixed = [row for row in results.interaction() if row["arm"] != "cement"]
    lame = replace(results, rows=rows, interaction=lambda: mixed)
    drawings = draw(lame, kind)
    if kind == "bars":
        assert "none" in [words for words, _ in texts(drawings[0].figure)]
    assert all(outside(drawing.figure) == [] for drawing in drawings[:1])
    assert RUN_KINDS[kind].rows(lame)


def test_loads_without_a_stiffness_of_their_own_have_bars_that_say_so_and_no_curve(results):
    nan = float("nan")
    rows = tuple({**row, "stiffness_N_per_mm": nan, "stiffness_Nm_per_deg": nan} for row in results.rows)
    muscles = replace(results, rows=rows)
    (drawing,) = draw(muscles, "bars")
    assert any("no stiffness of its own" in words for words, _ in texts(drawing.figure))
    with pytest.raises(InvalidData, match="no curve of load"):
        draw(muscles, "curves")


def test_without_a_moment_there_is_no_interaction(results):
    with pytest.raises(InvalidData, match="one of a moment"):
        draw(replace(results, interaction=list), "interaction")
    with pytest.raises(InvalidData, match=r"needs combined_deg under \[ultimate\]"):
        draw(results, "combined")


# The command line


def test_the_command_draws_one_kind_in_one_format_and_names_the_files(run, tmp_path, monkeypatch, capsys):
    words = ["figures", run.folder, "-k", "slopes", "-f", "svg", "-w", "single", "-o", tmp_path / "made"]
    code, out, _ = command(monkeypatch, capsys, *words)
    assert code == 0
    assert [line.rsplit("/", 1)[-1] for line in out.split()] == ["slopes.csv", "slopes.svg"]
    assert (tmp_path / "made" / "slopes.svg").read_text().startswith("<?xml")
    assert 'width="249.4' in (tmp_path / "made" / "slopes.svg").read_text()  # 88 mm in pt


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-k", "slope"], "did you mean 'slopes'"),
        (["-f", "bmp"], "format of figures 'bmp'"),
        (["-w", "wide"], "width 'wide'"),
    ],
)
def test_the_command_refuses_names_it_does_not_know(run, tmp_path, monkeypatch, capsys, words, said):
    code, _, errors = command(monkeypatch, capsys, "figures", run.folder, "-o", tmp_path / "no", *words)
    assert code == 1
    assert said in errors
    assert not (tmp_path / "no").exists()


def test_the_command_lists_every_kind(monkeypatch, capsys):
    code, out, _ = command(monkeypatch, capsys, "figures", "--kinds")
    assert code == 0
    assert all(f"  {name} " in out for name in (*RUN_KINDS, "heat", "sobol", "scaling"))


def test_a_place_that_cannot_be_written_is_one_error(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FemurfeError, match="cannot be written"):
        api.figures(run.folder, ["slopes"], out=tmp_path / "file" / "figures")


def test_a_comparison_draws_the_figures_of_its_folder(run, results):
    from dataclasses import fields

    from femurfe import Comparison

    found = run.outcome.comparison
    comparison = Comparison(**{field.name: getattr(found, field.name) for field in fields(found)})
    assert bars_of(comparison.figure("risk").axes[0]) == bars_of(draw(results, "risk")[0].figure.axes[0])
    names = [drawing.name for drawing in comparison.figures("strain_map")]
    assert names == ["strain_map_compression", "strain_map_twist"]


# Scenes in three dimensions


def test_without_pyvista_a_scene_says_what_to_install(results, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyvista", None)
    with pytest.raises(MissingExtra, match=r"femurfe\[viz\]"):
        draw(results, "inside")
    path = written(tmp_path, study(figures={"kinds": ["inside"]}))
    with pytest.raises(MissingExtra, match=r"femurfe\[viz\]"):
        api.run(path, tmp_path / "out")


@pytest.mark.parametrize("kind", SCENES)
def test_a_scene_shows_the_bone_at_the_scale_of_its_ruler(results, kind):
    drawing = next(RUN_KINDS[kind].draw(results, "double"))
    mesh = results.fields("intact", "compression").mesh
    spans = []
    for axis in drawing.figure.axes[: len(ARMS)]:
        (image,) = axis.get_images()
        left, right, bottom, top = image.get_extent()
        inked = (image.get_array()[..., :3] < 250).any(axis=2)
        assert inked.mean() > 0.1
        mm = (right - left) / inked.shape[1]
        assert mm == pytest.approx((top - bottom) / inked.shape[0], rel=0.02)
        spans.append(mm * np.ptp(np.flatnonzero(inked.any(axis=0))))
    assert max(spans) < np.linalg.norm(np.ptp(mesh.points, axis=0))
    assert np.ptp(spans[1:]) < 1.0  # one scale for all arms
    words = [text for text, _ in texts(drawing.figure)]
    assert {"20 mm", "left", "post.", "prox."} <= set(words)
    assert outside(drawing.figure) == []


def test_a_cut_scene_names_the_colours_of_what_it_leaves_whole(results):
    (legend,) = next(RUN_KINDS["cutaway"].draw(results, "double")).figure.legends
    found = {
        text.get_text(): patch.get_facecolor()[:3]
        for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
    }
    assert found == {kind: to_rgb(ITEM_COLOURS[kind]) for kind in ("cement", "screw")}


def test_a_scene_is_the_same_twice(results):
    one = replace(results, arms={"cement": results.arms["cement"]})
    first, again = (draw(one, "inside", "single")[0].figure.axes[0].get_images()[0] for _ in range(2))
    assert (first.get_array() == again.get_array()).all()


def test_a_triangle_is_seen_at_its_true_length():
    shell = Shell(np.array([[[0.0, 0, 0], [30.0, 0, 0], [0, 0, 40.0]]]), np.arange(3)[None], np.zeros(1, int))
    view = View("front", np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]))
    from femurfe.figures.shells import extent

    assert np.ptp(extent([shell], view), axis=0).tolist() == [30.0, 40.0]


def test_the_outside_of_a_mesh_that_is_parted_is_that_of_the_whole_mesh():
    whole = split_by(block((4, 4, 4), (4.0, 4.0, 4.0), 2), Sphere(np.full(3, 2.0), 1.2))
    parted = split(whole, [(["inside"], None)]).mesh
    assert len(boundary(parted)) > len(boundary(whole))
    one, other = outer_shell(whole), outer_shell(parted)
    np.testing.assert_array_equal(other.cells, one.cells)
    np.testing.assert_array_equal(other.points, one.points)


def test_figures_never_solve(run, tmp_path, monkeypatch):
    def solving(*args, **settings):
        raise AssertionError

    monkeypatch.setattr("femurfe.model.solve_all", solving)
    monkeypatch.setattr("femurfe.study.solving.solve_all", solving)
    assert len(api.figures(run.folder, ["bars", "interaction"], out=tmp_path / "drawn").files) == 6
