"""Arms that were loaded until they broke: columns, rows of steps and of events, and the series of fields."""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.errors import InvalidStudy
from femurfe.evaluate.curve import LoadCurve
from femurfe.evaluate.sequence import Event, Snapshot
from femurfe.fem.steps import StepRow
from femurfe.mesh.io import read_mesh
from femurfe.study.read import find_study, parse_study
from femurfe.study.run import build_inputs
from femurfe.study.ultimate import (
    Broken,
    curve_rows,
    event_rows,
    step_words,
    ultimate_columns,
    write_series,
)

MESH = block((1, 1, 1), (10.0, 10.0, 10.0), 2)


def broken(measure="force"):
    motion, load = np.array([0.0, 0.01, 0.02, 0.03]), np.array([0.0, 1000.0, 1500.0, 900.0])
    rows = tuple(
        StepRow(i, 2, 5, 1e-6, (1.0, 1e-6), 1.0, motion[i], load[i], 0.0, 0.1, 0.0) for i in (1, 2, 3)
    )
    event = Event("trabecular", "yields", 2, 1500.0, 0.02, (1.0, 2.0, 3.0))
    shot = Snapshot(0.02, 1500.0, np.zeros((MESH.n_points, 3)), np.full(6, 0.01), np.zeros(6))
    return Broken(LoadCurve(motion, load, measure), rows, (event,), (shot, shot), "over", {})


def test_forces_stand_in_newtons_and_moments_in_newton_metres_over_degrees():
    force, moment = ultimate_columns(broken()), ultimate_columns(broken("moment"))
    assert force["ultimate_load_N"] == 1500.0
    assert np.isnan(force["ultimate_moment_Nm"])
    assert moment["ultimate_moment_Nm"] == 1.5
    assert force["residual_load_N"] == 900.0
    assert force["yields_first"] == "trabecular"
    assert force["breaks_first"] == ""
    row = curve_rows({"arm": "a"}, broken("moment"))[2]
    assert row["arm"] == "a"
    assert row["angle_deg"] == pytest.approx(np.degrees(0.02))
    first = curve_rows({}, broken())[0]
    assert (first["step"], first["motion_mm"], first["load_N"]) == (0, 0.0, 0.0)
    (event,) = event_rows({}, broken())
    assert (event["order"], event["load_N"], event["z_mm"]) == (1, 1500.0, 3.0)


def test_the_series_of_fields_is_read_back_and_played_by_its_motion(tmp_path):
    write_series(SimpleNamespace(mesh=MESH), broken(), tmp_path, "arm_step")
    text = (tmp_path / "arm_step.pvd").read_text(encoding="utf-8")
    assert text.count('timestep="0.02"') == 2
    assert "arm_step_002.vtu" in text
    assert read_mesh(tmp_path / "arm_step_001.vtu").n_cells == 6


def test_a_study_that_breaks_its_arms_takes_tetrahedra_and_no_sweep():
    import tomllib

    tables = tomllib.loads(find_study("femur_neck_ultimate").read_text(encoding="utf-8"))
    assert parse_study(tables).failure == "ultimate"
    with pytest.raises(InvalidStudy, match="voxels stay linear"):
        parse_study(tables | {"mesh": {"kind": "voxel"}})
    with pytest.raises(InvalidStudy, match="first must be at most"):
        parse_study(tables | {"ultimate": {"first": 0.5}})


def test_an_anisotropic_cortex_is_refused_before_anything_is_meshed():
    import tomllib

    path = find_study("femur_neck_ultimate")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    tables["materials"] = {"cortical": "bone/cortical_dong_guo_2004"}
    with pytest.raises(InvalidStudy, match="isotropic cortical material; 'bone/cortical_dong_guo_2004' is"):
        build_inputs(parse_study(tables), path.parent)


def test_a_step_in_words_has_the_units_of_its_load_case():
    row = broken().steps[1]
    assert "step 2: motion 0.02 mm, load 1500 N" in step_words(row, "force")
    assert "angle 1.146 deg, moment 1.5 Nm" in step_words(row, "moment")
