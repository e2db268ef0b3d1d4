"""What solves leave to the next one: the same answers, in any order, for less work."""

import numpy as np
import pytest
from helpers.meshes import bent, block, split_by

from femurfe.fem import aggregation, tetrahedra
from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.kept import GROWTH, MOST_ANSWERS, MOST_SUPPORTS, Kept, KeptSets
from femurfe.fem.linear import SolverOptions
from femurfe.fem.supports import constrain
from femurfe.fem.system import System
from femurfe.loads.base import Fixed, Force, LoadCase, Moment, Platen
from femurfe.materials.field import uniform_field
from femurfe.mesh.core import Mesh
from femurfe.model import Model, solve_all
from femurfe.shapes import Sphere

OPTIONS = SolverOptions(method="multigrid")
CASES = [
    LoadCase("push", (Fixed("z0"),), (Force("z1", (3.0, -2.0, -10.0)),)),
    LoadCase("turn", (Fixed("z0"),), (Moment("z1", (0.0, 0.0, 900.0)),)),
]
HELD = [LoadCase("moved", (Fixed("z0"), Platen("top", "z1", prescribed={"z": -0.1})))]
KINDS = pytest.mark.parametrize("kind", ["tet4", "tet10", "bent"])


def mesh_of(kind, counts=(4, 4, 6)):
    counts = tuple(2 * n for n in counts) if kind == "tet4" else counts
    mesh = split_by(block(counts, (40.0, 40.0, 60.0), 1 if kind == "tet4" else 2), Sphere((20, 20, 30), 12.0))
    return bent(mesh) if kind == "bent" else mesh


def field_of(mesh, inside):
    return uniform_field(mesh.n_cells, np.where(mesh.region == 1, inside, 1000.0), 0.3)


ARMS = {"intact": 1000.0, "lytic": 20.0, "cement": 2500.0, "screw": 1e5}


def run(mesh, names, kept, cases=CASES, **given):
    """Displacements (k, n, 3) and iterations of arms, one after the other."""
    out = {}
    for name in names:
        field = field_of(mesh, ARMS[name])
        models = [Model(mesh, field, case) for case in cases]
        results = solve_all(models, OPTIONS, kept=kept, **given)
        assert max(r.log["residual"] for r in results) <= OPTIONS.tolerance
        out[name] = np.array([r.displacement for r in results]), [r.log["iterations"] for r in results]
    return out


def alone(mesh, cases=CASES):
    return {name: run(mesh, [name], None, cases)[name] for name in ARMS}


@KINDS
@pytest.mark.parametrize("cases", [CASES, HELD], ids=["loads", "motion"])
def test_answers_do_not_depend_on_what_was_solved_before(kind, cases):
    mesh = mesh_of(kind)
    single = alone(mesh, cases)
    for names in (list(ARMS), list(ARMS)[::-1]):
        for name, (found, iterations) in run(mesh, names, KeptSets(), cases).items():
            expected, before = single[name]
            assert np.abs(found - expected).max() <= 1e-7 * np.abs(expected).max()
            assert max(iterations) <= max(before) + 2


@KINDS
def test_the_first_of_a_run_is_that_of_a_solve_in_every_bit(kind):
    mesh = mesh_of(kind)
    found = run(mesh, ["lytic", "cement"], KeptSets())
    np.testing.assert_array_equal(found["lytic"][0], run(mesh, ["lytic"], None)["lytic"][0])


@KINDS
def test_a_run_is_the_same_in_every_bit_on_one_and_two_threads(kind):
    mesh = mesh_of(kind)
    one, two = (run(mesh, ["intact", "lytic", "screw"], KeptSets(), threads=n) for n in (1, 2))
    for name in one:
        np.testing.assert_array_equal(one[name][0], two[name][0])


@KINDS
def test_the_same_again_takes_no_iteration_and_no_set_up(kind, monkeypatch):
    mesh, kept = mesh_of(kind), KeptSets()
    first = run(mesh, ["cement"], kept)["cement"]
    monkeypatch.setattr(aggregation, "_least_energy", None)
    again = run(mesh, ["cement"], kept)["cement"]
    assert max(again[1]) == 0
    assert np.abs(again[0] - first[0]).max() <= 1e-9 * np.abs(first[0]).max()
    more = run(mesh, ["cement"], kept, [LoadCase("pull", CASES[0].supports, (Force("x1", (5.0, 0, 0)),))] * 2)
    assert min(more["cement"][1]) > 0


@pytest.mark.parametrize("kind", ["tet4", "tet10"])
def test_other_materials_keep_the_order_of_cells_and_the_groups(kind, monkeypatch):
    made = {"order": 0, "plan": 0}

    def counted(name, original):
        def call(*arguments):
            made[name] += 1
            return original(*arguments)

        return call

    monkeypatch.setattr(tetrahedra, "order_cells", counted("order", tetrahedra.order_cells))
    monkeypatch.setattr(aggregation, "_plan", counted("plan", aggregation._plan))
    mesh, kept = mesh_of(kind), KeptSets()
    run(mesh, ["intact"], kept)
    plans = made["plan"]
    assert made["order"] == 1
    assert plans >= 1
    field = field_of(mesh, 1100.0)
    models = [Model(mesh, field, case) for case in CASES]
    solve_all(models, OPTIONS, kept=kept)
    assert made == {"order": 1, "plan": plans}
    run(mesh, ["screw"], kept)
    screw_dominates_points_of_its_own = kind == "tet10"
    assert made["order"] == (2 if screw_dominates_points_of_its_own else 1)
    assert made["plan"] > plans


def test_another_mesh_or_other_supports_start_anew():
    mesh, kept = mesh_of("tet10"), KeptSets()
    run(mesh, ["intact"], kept)
    moved = Mesh(1.1 * mesh.points, mesh.cells, mesh.region, mesh.regions, mesh.surfaces)
    for other, cases in ((moved, CASES), (mesh, HELD)):
        expected = run(other, ["intact"], None, cases)["intact"][0]
        np.testing.assert_array_equal(run(other, ["intact"], kept, cases)["intact"][0], expected)


def test_two_sets_of_supports_in_turns_keep_their_own(monkeypatch):
    mesh, kept, made = mesh_of("tet10"), KeptSets(), []
    original = tetrahedra.order_cells
    monkeypatch.setattr(tetrahedra, "order_cells", lambda *a: made.append(1) or original(*a))
    for name in ("intact", "lytic"):
        both = run(mesh, [name], kept, [CASES[0], HELD[0]])[name][0]
        assert len(made) == 2
    for found, case in zip(both, (CASES[0], HELD[0]), strict=True):
        expected = run(mesh, ["lytic"], None, [case])["lytic"][0][0]
        assert np.abs(found - expected).max() <= 1e-7 * np.abs(expected).max()


def test_only_so_many_sets_of_supports_and_one_set_up_are_kept():
    mesh, kept = mesh_of("tet4", (2, 2, 3)), KeptSets()
    first = kept.of(mesh, "first")
    assert first.stiffness((mesh.points, mesh.points, None), lambda _: "a stiffness") == "a stiffness"
    assert first.stiffness((mesh.points, mesh.points, None), lambda _: "another") == "a stiffness"
    kept.of(mesh, "second")
    assert kept.of(mesh, "first") is first
    assert first.stiffness((mesh.points, mesh.points, None), lambda _: "another") == "another"
    for i in range(MOST_SUPPORTS):
        kept.of(mesh, i)
    assert kept.of(mesh, "first") is not first


def system_and_answers(m):
    mesh = mesh_of("tet10", (2, 2, 3))
    constraints = constrain(mesh, CASES[0].supports)
    system = System(
        assemble_stiffness(mesh, np.full(mesh.n_cells, 1e3), np.full(mesh.n_cells, 0.3)), constraints
    )
    values = np.random.default_rng(1).normal(size=(constraints.n_unknowns, 3, m))
    return system, constraints.project(values)


def test_a_start_leaves_no_error_in_the_span_of_the_answers():
    system, answers = system_and_answers(3)
    kept = Kept()
    kept.learn(answers[:, :, :2], np.array([5]))
    kept.learn(
        np.concatenate([answers[:, :, :1] + answers[:, :, 1:2], answers[:, :, 2:]], axis=2), np.array([5])
    )
    wanted = answers @ np.array([[1.0, 0.0], [-2.0, 3.0], [0.5, 1.0]])
    found = kept.start(system, system.apply(wanted))
    assert np.abs(found - wanted).max() <= 1e-9 * np.abs(wanted).max()


def test_a_start_whose_residual_is_larger_than_none_is_not_taken():
    """Work on the answer without force along its image: less energy in the error, more residual."""
    system, v = system_and_answers(1)
    kept = Kept()
    kept.learn(v, np.array([5]))
    image = system.apply(v)
    share = 0.5 * ((v * image).sum() / (image * image).sum() + (v * v).sum() / (v * image).sum())
    assert (v * (v - share * image)).sum() > 0.0
    assert not kept.start(system, v - share * image).any()
    np.testing.assert_allclose(kept.start(system, 2.0 * image), 2.0 * v, rtol=1e-9)


def test_only_so_many_answers_are_kept():
    _, answers = system_and_answers(2)
    kept = Kept()
    for _ in range(9):
        kept.learn(answers, np.array([3, 4]))
    assert sum(a.shape[2] for a in kept._answers) == MOST_ANSWERS


def test_groups_that_have_become_bad_are_given_up():
    _, answers = system_and_answers(1)
    kept = Kept()
    kept.plans.append("a plan")
    kept.learn(answers, np.array([20]))
    kept.learn(answers, np.array([int(20 * GROWTH)]))
    assert kept.plans
    kept.learn(answers, np.array([int(20 * GROWTH) + 1]))
    assert not kept.plans
