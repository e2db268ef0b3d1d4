"""Two load cases at once: superposition against closed forms, and against solving the sum."""

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.errors import InvalidStudy
from femurfe.evaluate.interaction import CERTAIN, mix_risks
from femurfe.evaluate.parts import Part
from femurfe.evaluate.risk import Risk, evaluate_risk
from femurfe.loads import Fixed, Force, LoadCase, Moment, Roller
from femurfe.materials import constants
from femurfe.materials.field import MaterialField
from femurfe.model import Model, solve

BAR = block((3, 3, 5), (20.0, 20.0, 40.0))
SLIDING = (Roller("x0", (1, 0, 0)), Roller("y0", (0, 1, 0)), Roller("z0", (0, 0, 1)))
LIMITS = {
    "tension_strength": 50.0,
    "compression_strength": 100.0,
    "tension_strain": 0.005,
    "compression_strain": 0.01,
}
KINDS = ("bone", "cement", "screw")


def material(mesh):
    given = {name: np.full(mesh.n_cells, value) for name, value in LIMITS.items()}
    return MaterialField(np.full(mesh.n_cells, 1000.0), np.full(mesh.n_cells, 0.3), None, given, {})


def judged(kind, supports, *loads):
    """The bar under loads, its part, and its risk; nothing is left out and nothing averaged."""
    model = Model(BAR, material(BAR), LoadCase("case", supports, loads))
    part = Part("part", kind, tuple(BAR.regions), 0.0)
    return part, evaluate_risk(model, solve(model), [part], 0.0)


def mixed(part, one, other, shares):
    return mix_risks(BAR, material(BAR), [part], (one, other), np.array(shares, dtype=float))


def test_two_forces_along_a_bar_add_up_and_turn_the_limit_with_their_sign():
    """Strain F / (E A) against the strain limits of tension and compression."""
    part, push = judged("bone", SLIDING, Force("z1", (0.0, 0.0, -800.0)))
    _, pull = judged("bone", SLIDING, Force("z1", (0.0, 0.0, 600.0)))
    limits = constants("bone/cortical").limits()
    for first, second in ((1.0, 0.0), (1.0, 1.0), (0.5, 2.0), (-1.0, 1.0), (2.0, 1.0)):
        strain = (-800.0 * first + 600.0 * second) / (1000.0 * 400.0)
        wanted = strain / limits["tension_strain"] if strain > 0 else -strain / limits["compression_strain"]
        sideways = 0.3 * -strain / (limits["tension_strain"] if strain < 0 else -limits["compression_strain"])
        (found,) = mixed(part, push, pull, [(first, second)])
        assert found.risk == pytest.approx(max(wanted, abs(sideways)), rel=1e-6)
        assert (found.first, found.second, found.part) == (first, second, "part")


@pytest.mark.parametrize("kind", KINDS)
def test_a_mixture_is_what_solving_the_sum_of_the_loads_gives(kind):
    force, twist = (300.0, 100.0, -2000.0), (3000.0, 0.0, 9000.0)
    part, one = judged(kind, (Fixed("z0"),), Force("z1", force))
    _, other = judged(kind, (Fixed("z0"),), Moment("z1", twist))
    for first, second in ((0.7, 0.4), (0.2, -1.5)):
        loads = Force("z1", first * np.array(force)), Moment("z1", second * np.array(twist))
        _, both = judged(kind, (Fixed("z0"),), *loads)
        (found,) = mixed(part, one, other, [(first, second)])
        assert found.risk == pytest.approx(both.first.risk, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_that_are_not_judged_are_never_the_worst(kind):
    """The cells left out by their bound against judging all, on strains without any order."""
    mesh = block((8, 8, 8), (8.0, 8.0, 8.0))
    rng, part = np.random.default_rng(3), Part("part", kind, tuple(mesh.regions), 0.0)
    assert mesh.n_cells > 5 * CERTAIN
    strains = 1e-3 * rng.normal(size=(2, mesh.n_cells, 6))
    every, known = np.ones(mesh.n_cells), np.ones(mesh.n_cells, dtype=bool)
    one, other = (Risk((), every, strain, known) for strain in strains)
    for first, second in ((1.0, 0.3), (0.5, -1.0), (-1.0, -1.0)):
        (found,) = mix_risks(mesh, material(mesh), [part], (one, other), np.array([[first, second]]))
        sum_alone = Risk((), every, first * strains[0] + second * strains[1], known)
        (whole,) = mix_risks(mesh, material(mesh), [part], (sum_alone, sum_alone), np.array([[1.0, 0.0]]))
        assert found.risk == pytest.approx(whole.risk, rel=1e-12)


def test_the_part_that_fails_first_is_named_and_cells_unknown_to_either_are_left_out():
    from helpers.meshes import split_by

    from femurfe.shapes import HalfSpace

    mesh = split_by(block((2, 2, 4), (4.0, 4.0, 8.0)), HalfSpace((0.0, 0.0, 4.0), (0.0, 0.0, 1.0)))
    parts = [Part(name, "bone", (name,), 0.0) for name in mesh.regions]
    upper = mesh.in_region(parts[1].name)
    strain = np.zeros((2, mesh.n_cells, 6))
    strain[0, ~upper, 2], strain[1, upper, 2] = 1e-3, 1e-3
    known, every = np.ones(mesh.n_cells), np.ones(mesh.n_cells, dtype=bool)
    one, other = (Risk((), known, e, every) for e in strain)
    found = mix_risks(mesh, material(mesh), parts, (one, other), np.array([[1.0, 0.1], [0.1, 1.0]]))
    assert [mixture.part for mixture in found] == [parts[0].name, parts[1].name]
    lame = Risk((), np.where(upper, np.nan, 1.0), strain[1], every)
    (left,) = mix_risks(mesh, material(mesh), parts, (one, lame), np.array([[0.1, 1.0]]))
    assert left.part == parts[0].name
    none = Risk((), np.full(mesh.n_cells, np.nan), strain[1], every)
    with pytest.raises(InvalidStudy, match="no cell is judged"):
        mix_risks(mesh, material(mesh), parts, (one, none), np.array([[1.0, 1.0]]))
