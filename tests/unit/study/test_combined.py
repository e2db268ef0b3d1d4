"""Force and moment together: which pairs, in which directions, and rows of what they reach."""

import numpy as np
import pytest

from femurfe.errors import InvalidStudy
from femurfe.evaluate.curve import LoadCurve
from femurfe.loads import Fixed, Force, LoadCase, Moment
from femurfe.study.combined import combine, combined_pairs, combined_rows
from femurfe.study.read import parse_study
from femurfe.study.run import build_inputs
from femurfe.study.ultimate import Broken, UltimateOptions

HELD = (Fixed("z0"),)
PUSH = LoadCase("push", HELD, (Force("z1", (0.0, 0.0, -200.0)),))
TWIST = LoadCase("twist", HELD, (Moment("z1", (0.0, 0.0, 500.0)),), measure="moment")
OTHER = LoadCase("other", (Fixed("z1"),), PUSH.loads)
OPTIONS = UltimateOptions(largest_mm=2.0, largest_deg=90.0, snapshots=3, combined_deg=(60.0, -45.0))


def broken(most, measure="force"):
    return Broken(
        LoadCurve(np.array([0.0, 1.0, 2.0]), np.array([0.0, most, 0.5 * most]), measure),
        (),
        (),
        (),
        "over",
        {},
    )


ALONE = {"push": broken(1000.0), "twist": broken(4000.0, "moment")}


def test_only_cases_on_the_same_supports_are_paired():
    assert combined_pairs([PUSH, OTHER, TWIST]) == [(PUSH, TWIST)]
    with pytest.raises(
        InvalidStudy, match=r"same supports, as guided_compression .* got other, twist"
    ) as error:
        combined_pairs([OTHER, TWIST])
    assert error.value.code == "E-STUDY-COMBINED"


def test_loads_grow_in_the_ratio_of_what_each_reaches_alone_turned_by_the_direction():
    seen = []

    def break_by(case, options):
        seen.append((case, options))
        return broken(600.0)

    found = list(combine((PUSH, TWIST), ALONE, OPTIONS, break_by))
    for (case, options), one, degrees in zip(seen, found, OPTIONS.combined_deg, strict=True):
        force, moment = -case.loads[0].vector[2], case.loads[1].vector[2]
        assert np.degrees(np.arctan2(moment / 4000.0, force / 1000.0)) == pytest.approx(degrees)
        assert one.lever == pytest.approx(moment / force)
        assert options.largest_mm == pytest.approx(2.0 + abs(one.lever) * np.pi / 2.0)
        assert options.snapshots == 0
        assert case.name == f"push + twist at {degrees:g} deg"


def test_rows_go_from_the_moment_turned_round_over_the_force_to_the_moment():
    found = list(combine((PUSH, TWIST), ALONE, OPTIONS, lambda *_: broken(600.0)))
    rows = combined_rows([(PUSH, TWIST)], ALONE, found)
    assert [row["direction_deg"] for row in rows] == [-45.0, 0.0, 60.0, 90.0]
    assert [row["ultimate_load_N"] for row in rows] == [600.0, 1000.0, 600.0, 0.0]
    wanted = [-2.4, 0.0, 2.4 * np.sqrt(3.0), 4.0]
    assert [row["ultimate_moment_Nm"] for row in rows] == pytest.approx(wanted)
    assert all(row["peak_reached"] for row in rows)


TABLES = {
    "name": "both",
    "anatomy": {"kind": "vertebra", "level": "L2"},
    "arms": {"intact": []},
    "failure": "ultimate",
    "loads": {"push": {"case": "guided_compression"}, "twist": {"case": "torsion"}},
    "ultimate": {"combined_deg": [45.0]},
}


def test_guided_compression_and_torsion_act_at_once_on_every_bone_that_has_both(tmp_path):
    for anatomy in (
        TABLES["anatomy"],
        {"kind": "proximal_femur"},
        {"kind": "proximal_femur", "side": "right"},
    ):
        loads = build_inputs(parse_study(TABLES | {"anatomy": anatomy}), tmp_path).loads
        ((one, other),) = combined_pairs(loads)
        assert (one.name, other.name) == ("push", "twist")


def test_a_study_without_such_a_pair_is_refused_before_anything_is_solved(tmp_path):
    loads = TABLES["loads"] | {"push": {"case": "compression"}}
    with pytest.raises(InvalidStudy, match="combined_deg needs a force case and a moment case"):
        build_inputs(parse_study(TABLES | {"loads": loads}), tmp_path)


@pytest.mark.parametrize("bad", [[0.0], [30.0, 30.0], [90.0], [-90.0], ["x"]])
def test_directions_that_are_no_mixture_are_refused(bad):
    with pytest.raises(InvalidStudy, match="combined_deg"):
        parse_study(TABLES | {"ultimate": {"combined_deg": bad}})
