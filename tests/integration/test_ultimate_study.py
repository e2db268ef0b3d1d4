"""A coarse neck loaded through its peak: what must hold of the strength of its arms."""

import tomllib

import numpy as np
import pytest

from femurfe.study.read import find_study, parse_study
from femurfe.study.run import run_study

ARMS = ("intact", "lytic", "screw+cement")
SIZES = {"lesion": 12.0, "cement": 12.0, "screw": 8.0}


@pytest.fixture(scope="module")
def rows():
    """The table's rows by arm, and the events."""
    path = find_study("femur_neck_ultimate")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    tables["mesh"]["size_mm"] = 15.0
    for name, size in SIZES.items():
        tables["items"][name]["mesh_size_mm"] = size
    tables["arms"] = {name: tables["arms"][name] for name in ARMS}
    tables["loads"] = {"torsion": tables["loads"]["torsion"]}
    tables["ultimate"] |= {"fall": 0.98, "snapshots": 0}
    del tables["figures"]
    comparison = run_study(parse_study(tables), path.parent, threads=1).comparison
    return {row["arm"]: row for row in comparison.rows()}, comparison.event_rows()


@pytest.mark.slow
def test_arms_rank_by_strength_as_physics_says(rows):
    table, _ = rows
    moments = {arm: table[arm]["ultimate_moment_Nm"] for arm in ARMS}
    assert all(table[arm]["peak_reached"] for arm in ARMS)
    assert moments["intact"] > moments["lytic"] > 0.0
    assert moments["screw+cement"] > moments["lytic"]


@pytest.mark.slow
def test_every_arm_takes_energy_and_yields_before_its_peak(rows):
    table, events = rows
    for arm in ARMS:
        assert table[arm]["energy_to_ultimate_Nmm"] > 0.0
        assert np.isnan(table[arm]["energy_to_failure_Nmm"])
        own = [event for event in events if event["arm"] == arm]
        assert own[0]["event"] == "yields"
        assert own[0]["moment_Nm"] < table[arm]["ultimate_moment_Nm"]
