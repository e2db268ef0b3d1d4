"""Studies whose parts slip, open and break: one word per interface in the file."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.faults import assert_refused
from helpers.studies import SCREW, changed, written

import femurfe as ff
from femurfe.study.interfaces import build_interfaces, interfaces_of
from femurfe.study.read import read_study
from femurfe.study.run import build_inputs, run_study
from femurfe.study.sweep.cases import cases_of
from femurfe.study.sweep.design import make_design

THREADED = {**SCREW, "core_diameter_mm": 5.0, "mesh_size_mm": 4.5}


def study(**kinds):
    tables = {name: {"kind": kind} for name, kind in kinds.items()}
    arms = {"cement": ["lesion", "cement"], "both": ["lesion", "cement", "screw"]}
    return changed(items__screw=THREADED, arms=arms, interfaces=tables)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """The same study with its screw bonded, and on a layer."""
    out = {}
    for kind in ("bonded", "compliant"):
        folder = tmp_path_factory.mktemp(kind)
        out[kind] = run_study(read_study(written(folder, study(screw_bone=kind))), folder).comparison
    return out


def stiffness(comparison, arm):
    return next(row["stiffness_N_per_mm"] for row in comparison.rows() if row["arm"] == arm)


def test_arms_without_a_screw_are_solved_as_before(outcomes):
    bonded, other = outcomes["bonded"], outcomes["compliant"]
    key = "cement", "compression"
    np.testing.assert_array_equal(
        bonded.solved[key].result.displacement, other.solved[key].result.displacement
    )
    assert bonded.interface_rows() == []
    assert {row["arm"] for row in other.interface_rows()} == {"both"}


def test_a_screw_that_is_not_bonded_makes_the_construct_less_stiff(outcomes):
    values = {kind: stiffness(comparison, "both") for kind, comparison in outcomes.items()}
    assert values["bonded"] > values["compliant"]
    assert min(values.values()) > 0.5 * values["bonded"]


def test_the_screw_has_points_of_its_own_and_the_table_says_what_it_does(outcomes):
    whole, parted = (outcomes[kind].arms["both"].mesh for kind in ("bonded", "compliant"))
    np.testing.assert_array_equal(whole.region, parted.region)
    assert parted.n_points > whole.n_points
    (row,) = outcomes["compliant"].interface_rows()
    assert row["interface"] == "screw_bone"
    assert row["kind"] == "compliant"
    assert row["broken_share"] == 0.0
    assert row["open_share"] < 0.1
    assert 600.0 < row["area_mm2"] < 1200.0
    assert row["largest_pressure_MPa"] > 0.0


def test_a_run_writes_its_interfaces_and_fields(tmp_path):
    content = study(screw_bone="compliant")
    content["arms"] = {"both": content["arms"]["both"]}
    ff.run(written(tmp_path, content), tmp_path / "out")
    with (tmp_path / "out" / "interfaces.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["interface"] == "screw_bone"
    assert float(row["largest_slide_mm"]) > 0.0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["solver"]["both / compression"]["method"].startswith("newton")
    assert 'kind = "compliant"' in (tmp_path / "out" / "study.toml").read_text()


def test_no_failure_load_is_told_where_answers_do_not_grow_with_the_loads(outcomes, tmp_path):
    """A layer scales and has one; a screw that may slip, or is pressed in, does not."""
    for comparison in outcomes.values():
        assert all(row["failure_load_N"] > 0.0 for row in comparison.rows())
    content = study(screw_bone="frictional")
    content["arms"] = {"both": content["arms"]["both"]}
    content["interfaces"]["screw_bone"]["press_fit_mm"] = 0.01
    comparison = run_study(read_study(written(tmp_path, content)), tmp_path).comparison
    (row,) = comparison.rows()
    assert row["risk"] > 0.0
    assert np.isnan(row["failure_load_N"])
    assert all(np.isnan(row["failure_load_N"]) for row in comparison.criterion_rows())


def test_the_ladder_is_a_sweep_of_one_word(tmp_path):
    content = study(screw_bone="bonded")
    ladder = ["bonded", "compliant", "cohesive", "frictional"]
    content["interfaces"]["screw_bone"]["press_fit_mm"] = 0.01
    content["sweep"] = {"method": "grid", "parameters": {"interfaces.screw_bone.kind": {"values": ladder}}}
    table = read_study(written(tmp_path, content))
    cases = cases_of(table, make_design(table.sweep), tmp_path)
    assert [case.tables["interfaces"]["screw_bone"]["kind"] for case in cases] == ladder
    assert len({case.key for case in cases}) == 4


def test_one_interface_is_made_for_each_screw_with_its_own_thread(tmp_path):
    content = study(screw_bone="cohesive", screw_cement="frictional")
    content["items"]["screw"] |= {"pattern": "parallel", "spacing_mm": 9.0}
    content["interfaces"]["screw_bone"]["thread_pitch_mm"] = 2.0
    table = read_study(written(tmp_path, content))
    inputs = build_inputs(table, tmp_path)
    assert [(i.name, i.between, i.kind) for i in inputs.interfaces] == [
        ("screw_bone", ("screw", "bone"), "cohesive"), ("screw_cement", ("screw", "cement"), "frictional"),
    ]  # fmt: skip
    arm = arm_like(inputs.arms["both"])
    found = interfaces_of(arm, inputs.interfaces)
    assert [i.name for i in found] == [
        "screw_bone screw_1", "screw_bone screw_2", "screw_cement screw_1", "screw_cement screw_2",
    ]  # fmt: skip
    first = found[0]
    assert first.between == (("screw_1",), ("trabecular", "lesion"))
    assert first.properties.value("thread_pitch") == 2.0
    assert first.properties.value("thread_depth") == pytest.approx(0.75)
    assert first.thread_scale == pytest.approx(6.5 / np.sqrt(0.5 * (6.5**2 + 5.0**2)))
    assert first.solid is arm.solids["screw_1"]


def arm_like(items):
    """An arm on a mesh of five cells, one in each region."""
    from helpers.meshes import block

    from femurfe.materials.field import uniform_field
    from femurfe.study.arms import Arm

    names = ("trabecular", "lesion", "cement", "screw_1", "screw_2")
    mesh = block((1, 1, 1), (1.0, 1.0, 1.0))
    mesh = mesh.with_region([0, 1, 2, 3, 4, 0], {name: i for i, name in enumerate(names)})
    solids = {item.name: object() for item in items}
    return Arm("both", tuple(items), solids, mesh, uniform_field(6, 1.0, 0.3), (), {})


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        ({"glue": {"kind": "compliant"}}, "E-STUDY", ("glue", "between", "screw_bone")),
        ({"screw_bone": {"kind": "sticky"}}, "E-STUDY", ("kind",)),
        ({"screw_bone": {"kind": "compliant", "properties": "pmma"}}, "E-MATERIAL-KIND", ("pmma",)),
        ({"screw_bone": {"press_fit_mm": -0.1}}, "E-STUDY", ("press_fit_mm",)),
    ],
)
def test_interfaces_that_a_study_cannot_have_are_refused(tmp_path, table, code, words):
    def made():
        content = {**study(), "interfaces": table}
        return build_interfaces(read_study(written(tmp_path, content)).interfaces, tmp_path)

    assert_refused(made, code, *words)


def test_a_pin_without_thread_cannot_be_held_by_it(tmp_path):
    content = study(screw_bone="cohesive")
    del content["items"]["screw"]["core_diameter_mm"]
    inputs = build_inputs(read_study(written(tmp_path, content)), tmp_path)
    items = [item if item.name != "screw" else replace(item, name="screw_1") for item in inputs.arms["both"]]
    assert_refused(
        lambda: interfaces_of(arm_like(items), inputs.interfaces), "E-STUDY", "no thread", "core_diameter_mm"
    )
