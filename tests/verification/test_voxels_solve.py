"""Model and solve on a mesh of cubes: they take the grid, give the direct answer, or refuse."""

import numpy as np
import pytest

from femurfe.errors import NotConverged
from femurfe.fem import linear
from femurfe.fem.linear import SolverOptions
from femurfe.fem.stiffness import stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.voxelmodel import VoxelStiffness
from femurfe.loads import Fixed, Force, LoadCase, Platen, PlatenLoad, Roller
from femurfe.materials import MaterialField, uniform_field
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import boundary, facet_centroids
from femurfe.mesh.voxel import voxelise
from femurfe.model import Model, solve, solve_all
from femurfe.shapes import Box

DIRECT, ON_GRID = SolverOptions("direct"), SolverOptions("multigrid", tolerance=1e-10)
PULL = LoadCase("pull", (Fixed("low"),), (Force("high", (0.0, 0.0, 48.0)),))
BEND = LoadCase("bend", (Fixed("low"),), (Force("high", (3.0, -2.0, 0.0)),))
PRESS = LoadCase(
    "press", (Fixed("low"), Platen("plate", "high", prescribed={"x": 0.0}, springs={"y": 50.0})),
    (PlatenLoad("plate", force=(0.0, 0.0, -30.0), moment=(5.0, 0.0, 8.0)),),
)  # fmt: skip
SLIDE = LoadCase("slide", (Fixed("low"), Roller("high", (1.0, 1.0, 0.0))), (Force("high", (0.0, 3.0, 9.0)),))


def bar(size: float = 0.5) -> Mesh:
    mesh = voxelise([Box((0.0, 0.0, 0.0), (2.0, 2.0, 6.0))], size).mesh
    rows = boundary(mesh)
    height = facet_centroids(mesh, rows)[:, 2]
    low, high = rows[height < -6.0 + 1e-9], rows[height > 6.0 - 1e-9]
    return mesh.with_surfaces({"low": low, "high": high})


def uneven(mesh: Mesh) -> MaterialField:
    """Moduli over three decades and different ratios, without any order."""
    rng = np.random.default_rng(5)
    return uniform_field(
        mesh.n_cells, 10.0 * 1e3 ** rng.random(mesh.n_cells), rng.uniform(0.1, 0.4, mesh.n_cells)
    )


def model(case: LoadCase = PULL, size: float = 0.5) -> Model:
    mesh = bar(size)
    return Model(mesh, uneven(mesh), case)


@pytest.mark.parametrize("case", [PULL, PRESS, SLIDE], ids=lambda case: case.name)
def test_solve_takes_the_grid_and_equals_the_direct_solver(case, monkeypatch):
    one, called = model(case), []
    true = linear.solve_cubes
    monkeypatch.setattr(linear, "solve_cubes", lambda *a, **k: called.append(1) or true(*a, **k))
    found, expected = solve(one, ON_GRID), solve(one, DIRECT)
    assert called == [1]
    assert found.log["method"] == "multigrid"
    assert 0 < found.log["iterations"] <= 30
    assert 0.0 < found.log["residual"] <= 1e-10
    assert {"assembly", "setup", "solve"} <= set(found.log["seconds"])
    assert min(found.log["seconds"].values()) >= 0.0
    for name in ("displacement", "reaction"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert np.abs(ours - theirs).max() <= 1e-7 * np.abs(theirs).max()
    assert found.work == pytest.approx(expected.work, rel=1e-7)
    assert found.primary == pytest.approx(expected.primary, rel=1e-6)


def test_the_stiffness_is_assembled_only_where_the_grid_does_not_serve():
    one = model()
    mesh, field = one.mesh, one.materials
    c = constrain(mesh, PULL.supports)
    chosen = SolverOptions("multigrid")
    moduli = np.tile(np.eye(6), (mesh.n_cells, 1, 1))
    bent = Mesh(mesh.points * [1.0, 1.0, 1.1], mesh.cells, mesh.region, mesh.regions, mesh.surfaces)
    values = field.young, field.poisson
    assert isinstance(stiffness_for(mesh, *values, None, c, chosen), VoxelStiffness)
    for given in ((mesh, *values, moduli, c, chosen), (bent, *values, None, c, chosen)):
        assert not isinstance(stiffness_for(*given), VoxelStiffness)
    assert not isinstance(stiffness_for(mesh, *values, None, c, DIRECT), VoxelStiffness)


def test_several_load_cases_of_one_support_are_one_solve(monkeypatch):
    one, loads = model(), []
    true = linear.solve_cubes
    monkeypatch.setattr(
        linear, "solve_cubes", lambda s, c, right, **k: loads.append(right.shape[2]) or true(s, c, right, **k)
    )
    models = [Model(one.mesh, one.materials, case) for case in (PULL, BEND, PRESS)]
    together = solve_all(models, ON_GRID)
    assert loads == [2, 1]
    for each, result in zip(models, together, strict=True):
        expected = solve(each, DIRECT).displacement
        assert np.abs(result.displacement - expected).max() <= 1e-7 * np.abs(expected).max()


def test_loads_on_a_platen_are_solved_together_in_no_more_iterations_than_alone():
    one, pushes = model(), [((0.0, 0.0, -30.0), 8.0), ((0.0, 12.0, 0.0), 0.0), ((0.0, 5.0, -9.0), -20.0)]
    cases = [
        LoadCase(f"push {n}", PRESS.supports, (PlatenLoad("plate", force, (0.0, 0.0, moment)),))
        for n, (force, moment) in enumerate(pushes)
    ]
    models = [Model(one.mesh, one.materials, case) for case in cases]
    alone = [solve(each, ON_GRID).log["iterations"] for each in models]
    together = solve_all(models, ON_GRID)
    assert max(result.log["iterations"] for result in together) <= max(alone)
    for each, result in zip(models, together, strict=True):
        expected = solve(each, DIRECT)
        for name in ("displacement", "reaction"):
            ours, theirs = getattr(result, name), getattr(expected, name)
            assert np.abs(ours - theirs).max() <= 1e-7 * np.abs(theirs).max()


def test_too_few_iterations_give_no_result():
    with pytest.raises(NotConverged) as caught:
        solve(model(), SolverOptions("multigrid", max_iterations=2))
    assert caught.value.iterations == 2
    assert caught.value.residual > 1e-8


@pytest.mark.parametrize("case", [PULL, PRESS], ids=lambda case: case.name)
def test_one_and_two_threads_give_equal_bits(case):
    one = model(case, 0.4)
    first, second = (solve(one, SolverOptions("multigrid"), threads=n) for n in (1, 2))
    assert first.displacement.tobytes() == second.displacement.tobytes()
    assert first.reaction.tobytes() == second.reaction.tobytes()


def test_progress_is_told():
    told = []
    solve(model(), SolverOptions("multigrid"), report=lambda *given: told.append(given))
    assert [name for name, _, _ in told] == ["pull"] * len(told)
    assert told[-1][2] <= 1e-8 < told[0][2]
