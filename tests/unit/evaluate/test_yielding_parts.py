"""Laws that follow from a material field, and what is watched while they fail."""

import numpy as np
import pytest
from helpers.meshes import block, split_by
from scipy.integrate import trapezoid

from femurfe.errors import InvalidMaterial
from femurfe.evaluate.laws import cell_lengths, four_phases, yielding_laws
from femurfe.evaluate.parts import Part
from femurfe.evaluate.sequence import Watcher
from femurfe.fem.drive import Leg
from femurfe.fem.laws import von_mises_law
from femurfe.loads.base import MOTIONS, Fixed, Force, LoadCase, Platen, Roller
from femurfe.materials import constants, material
from femurfe.materials.field import LIMITS, MaterialField
from femurfe.model import Model
from femurfe.path import solve_path
from femurfe.shapes import HalfSpace

ROLLERS = tuple(Roller(f"{axis}0", np.eye(3)[i]) for i, axis in enumerate("xyz"))


def field_of(n, young, compression, tension):
    limits = {name: np.full(n, np.nan) for name in LIMITS}
    limits["compression_strength"], limits["tension_strength"] = np.full(n, compression), np.full(n, tension)
    return MaterialField(np.full(n, young), np.full(n, 0.3), None, limits, {})


def test_the_four_phases_take_the_energy_per_area_of_three_millimetres():
    """Cells that are shorter soften as those of three, by the mean over a patch of that length."""
    strength, young = np.full(4, 20.0), np.full(4, 1500.0)
    length = np.array([0.75, 1.5, 3.0, 6.0])
    strain, share = four_phases(strength, young, length)
    fall = np.maximum(length, 3.0) * (strain[:, 2] - strain[:, 1])
    assert np.allclose(fall, fall[2])
    law = material("bone/keyak_2005_femur")
    density = (20.0 / 102.0) ** (1.0 / 1.8)
    assert strain[2, 1] == pytest.approx(0.00189 + 0.0241 * density)
    assert share[2, 2] == pytest.approx(43.1 * density**1.81 / 20.0)
    assert strain[2, 2] - strain[2, 1] == pytest.approx(20.0 * (1 - share[2, 2]) / (2080.0 * density**1.45))
    assert law.quantities["element_size"].value == 3.0
    assert trapezoid(share[2] * 20.0, strain[2]) > 0.0


def test_a_brick_of_six_cells_is_as_long_as_its_edge():
    assert np.allclose(cell_lengths(block((2, 2, 2), (4.0, 4.0, 4.0), 2)), 2.0)


def test_only_bone_in_cells_shorter_than_three_millimetres_follows_patches():
    for size in (1.0, 1.5, 3.0, 4.0):
        mesh = block((2, 2, 2), (2.0 * size, 2.0 * size, 2.0 * size))
        (law,) = yielding_laws(mesh, field_of(48, 900.0, 20.0, 13.0), (Part("b", "bone", ("solid",), 3.0),))
        sweeps = np.zeros(48) if law.sweeps is None else law.sweeps
        assert sweeps == pytest.approx({1.0: 1.0 + 5.0 / (2.0 * np.pi * 5.0 / 12.0), 1.5: 1.0}.get(size, 0.0))
    mesh = block((2, 2, 2), (4.0, 4.0, 4.0))
    (law,) = yielding_laws(mesh, field_of(48, 2500.0, 80.0, 35.0), (Part("c", "cement", ("solid",), 3.0),))
    assert law.sweeps is None


def test_every_kind_of_part_gets_its_law_and_what_has_no_strength_none():
    mesh = split_by(block((2, 1, 1), (4.0, 2.0, 2.0)), HalfSpace((2.0, 0.0, 0.0), (1.0, 0.0, 0.0)))
    parts = (Part("bone", "bone", ("outside",), 3.0), Part("nail", "screw", ("inside",), 1.0))
    laws = yielding_laws(mesh, field_of(12, 900.0, 20.0, 13.0), parts)
    assert [law.kernel for law in laws] == ["quadric", "von_mises"]
    assert sorted(np.concatenate([law.cells for law in laws])) == list(range(12))
    with pytest.raises(InvalidMaterial, match="nothing can fail"):
        yielding_laws(mesh, field_of(12, 900.0, np.nan, np.nan), parts)


def test_cement_that_is_too_coarse_for_its_fracture_energy_is_weakened_with_a_warning():
    mesh = block((1, 1, 1), (8.0, 8.0, 8.0))
    cement = constants("cement/pmma")
    part = (Part("cement", "cement", ("solid",), 3.0),)
    with pytest.warns(UserWarning, match="too large for their fracture energy"):
        (law,) = yielding_laws(mesh, field_of(6, cement.equivalent()[0], 80.0, 35.0), part)
    assert (law.constants[:, -2] * law.constants[:, -3] < 35.0).all()
    assert (law.constants[:, -1] > 0.0).all()


def test_the_weaker_region_is_the_first_to_yield_and_its_share_is_seen():
    mesh = split_by(block((1, 1, 2), (1.0, 1.0, 2.0)), HalfSpace((0.0, 0.0, 1.0), (0.0, 0.0, 1.0)))
    strength = np.where(mesh.in_region("inside"), 8.0, 10.0)
    law = von_mises_law(
        np.arange(12), np.full(12, 1000.0), np.full(12, 0.3), [0.0, 1.0],
        np.stack([strength, strength + 300.0], axis=1),
    )  # fmt: skip
    watcher = Watcher(mesh, every=2)
    model = Model(
        mesh, field_of(12, 1000.0, 8.0, 8.0), LoadCase("pull", ROLLERS, (Force("z1", (0, 0, 1.0)),))
    )
    path = solve_path(model, (law,), (Leg(0.06, first=0.1, most=0.1),), watch=watcher.see, threads=1)
    assert [(e.region, e.kind) for e in watcher.events] == [("inside", "yields"), ("outside", "yields")]
    assert 7.5 < watcher.events[0].load < watcher.events[1].load < 10.5
    assert len(watcher.snapshots) == (len(path.rows) + 1) // 2
    last = watcher.snapshots[-1]
    assert last.plastic_strain[mesh.in_region("inside")].min() > last.plastic_strain.min()


@pytest.mark.parametrize("every", [1, 3])
def test_the_series_ends_with_the_last_step_and_moves_what_is_glued_to_a_platen(every):
    mesh = block((1, 1, 1), (1.0, 1.0, 1.0), 2)
    law = von_mises_law(np.arange(6), np.full(6, 1000.0), np.full(6, 0.3), [0.0], [10.0])
    platen = Platen("top", "z1", prescribed={**dict.fromkeys(MOTIONS, 0.0), "z": 0.02})
    watcher = Watcher(mesh, every=every)
    model = Model(mesh, field_of(6, 1000.0, 10.0, 10.0), LoadCase("pull", (Fixed("z0"), platen)))
    path = solve_path(model, (law,), (Leg(0.02, first=0.2, most=0.2),), watch=watcher.see, threads=1)
    series = watcher.series()
    assert len(series) == len(watcher.snapshots) + (every == 3)
    assert series[-1].motion == path.motion[-1]
    np.testing.assert_array_equal(series[-1].displacement, path.displacement)
    assert series[-1].displacement[mesh.points[:, 2] == 1.0, 2] == pytest.approx(0.02)


def test_bone_in_large_soft_cells_gets_a_law_at_the_steepest_softening_there_is():
    mesh = block((2, 2, 2), (40.0, 40.0, 40.0))
    part = (Part("bone", "bone", ("solid",), 3.0),)
    for young in (137.3, 211.7, 333.3):
        (law,) = yielding_laws(mesh, field_of(mesh.n_cells, young, 2.9, 1.9), part)
        assert law.kernel == "quadric"
