"""Problem files: what is read, what is refused and in which words."""

import numpy as np
import pytest

from femurfe.bench.cube import cube
from femurfe.bench.problem import holds_voxels, problem_from, read_problem
from femurfe.bench.solve import held, solve_file
from femurfe.errors import FemurfeError, InvalidMesh, UnreadableFile


def arrays(order=2, n_loads=2, along=2):
    """The arrays of a file: a cube, vertices first; F1 for the vertices alone."""
    fine, coarse = cube(2, n_loads, along), cube(1, n_loads, along)
    return {
        "points": fine.mesh.points.copy(),
        "tets": fine.mesh.cells.copy(),
        "nv": np.array(coarse.mesh.n_points),
        "E": fine.young.copy(),
        "nu": fine.poisson.copy(),
        "fixed": fine.fixed.copy(),
        "F2": np.moveaxis(fine.forces, 2, 0).copy(),
        "F1": np.moveaxis(coarse.forces, 2, 0).copy(),
    }


def written(folder, **changes):
    """A file of the cube, with some arrays replaced, or left out if None."""
    path = folder / "problem.npz"
    kept = {name: value for name, value in {**arrays(), **changes}.items() if value is not None}
    np.savez(path, **kept)
    return path


def test_a_file_gives_back_its_problem(tmp_path):
    own = arrays()
    problem = read_problem(written(tmp_path))
    assert problem.n_dofs == own["points"].size
    assert problem.n_loads == 2
    np.testing.assert_array_equal(problem.mesh.points, own["points"])
    np.testing.assert_array_equal(problem.mesh.cells, own["tets"])
    np.testing.assert_array_equal(problem.forces[..., 1], own["F2"][1])
    np.testing.assert_array_equal(problem.young, own["E"])


def test_order_1_takes_the_vertices_their_forces_and_the_held_among_them(tmp_path):
    own = arrays()
    problem = read_problem(written(tmp_path), order=1)
    assert problem.mesh.n_points == int(own["nv"])
    assert problem.mesh.cells.shape[1] == 4
    assert problem.fixed.max() < int(own["nv"])
    np.testing.assert_array_equal(problem.forces[..., 0], own["F1"][0])


def test_a_point_named_twice_is_held_once(tmp_path):
    own = arrays()["fixed"]
    problem = read_problem(written(tmp_path, fixed=np.concatenate([own, own[::-1]])))
    np.testing.assert_array_equal(problem.fixed, np.sort(own))


def test_held_points_do_not_move():
    problem = problem_from(arrays())
    field = np.ones((problem.mesh.n_points, 3, 2))
    left = held(problem).project(field)
    assert (left[problem.fixed] == 0.0).all()
    assert (np.delete(left, problem.fixed, axis=0) == 1.0).all()


@pytest.mark.parametrize("name", ["points", "tets", "E", "nu", "fixed", "F2"])
def test_a_missing_array_is_named(tmp_path, name):
    with pytest.raises(UnreadableFile, match=f"lacks {name};"):
        read_problem(written(tmp_path, **{name: None}))


def test_order_1_needs_its_own_forces(tmp_path):
    with pytest.raises(UnreadableFile, match="lacks F1;"):
        read_problem(written(tmp_path, F1=None), order=1)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="No such file"):
        read_problem(tmp_path / "none.npz")
    other = tmp_path / "other.npz"
    other.write_bytes(b"PK no archive")
    with pytest.raises(UnreadableFile, match="is no problem file"):
        read_problem(other)


def test_objects_are_not_loaded(tmp_path):
    with pytest.raises(UnreadableFile, match="is no problem file"):
        read_problem(written(tmp_path, E=np.array([{}, []], dtype=object)))


def test_a_damaged_file_is_refused(tmp_path):
    path = written(tmp_path)
    whole = bytearray(path.read_bytes())
    whole[200:260] = bytes(60)
    path.write_bytes(whole)
    with pytest.raises(FemurfeError):
        read_problem(path)


WRONG = {
    "points": (lambda a: a[:, :2], r"points must be \(n, 3\)"),
    "tets": (lambda a: a[:, :8], r"tets must be \(m, 10\)"),
    "E": (lambda a: a[1:], "E must have one value per cell"),
    "nu": (lambda a: a[:, None], "nu must have one value per cell"),
    "fixed": (lambda a: a[:, None], "fixed must be a list"),
    "F2": (lambda a: a[:, 1:], "F2 must be"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_shape_is_named(tmp_path, name):
    spoil, words = WRONG[name]
    with pytest.raises(FemurfeError, match=words):
        read_problem(written(tmp_path, **{name: spoil(arrays()[name])}))


def with_value(name, value):
    out = arrays()[name].astype(float)
    out.flat[0] = value
    return out


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("E", np.nan, "E must be finite, 1 of"),
        ("E", 0.0, "E must be above 0 MPa"),
        ("nu", 0.5, "nu must be between -1 and 0.5"),
        ("nu", np.inf, "nu must be finite"),
        ("F2", np.nan, "F2 must be finite"),
        ("fixed", -1.0, "fixed names points -1 to"),
        ("fixed", 1e6, "fixed names points"),
        ("fixed", 0.5, "whole numbers"),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path, name, value, words):
    with pytest.raises(FemurfeError, match=words):
        read_problem(written(tmp_path, **{name: with_value(name, value)}))


def test_points_that_are_not_finite_are_refused(tmp_path):
    with pytest.raises(InvalidMesh, match="not finite"):
        read_problem(written(tmp_path, points=with_value("points", np.nan)))


def test_nothing_held_is_refused(tmp_path):
    with pytest.raises(FemurfeError, match="fixed names no point"):
        read_problem(written(tmp_path, fixed=np.empty(0, dtype=int)))


def test_two_held_points_leave_a_rotation(tmp_path):
    path = written(tmp_path, fixed=np.array([0, 1]))
    with pytest.raises(FemurfeError, match="free to move"):
        solve_file(path)


def test_points_without_cells_are_refused(tmp_path):
    own = arrays()
    points = np.vstack([own["points"], [[1.0, 2.0, 3.0]]])
    forces = np.zeros((1, len(points), 3))
    with pytest.raises(FemurfeError, match="1 points belong to no cell"):
        read_problem(written(tmp_path, points=points, F2=forces))


@pytest.mark.parametrize("nv", [0, 10**6, 2.5, np.array([27])])
def test_a_number_of_vertices_that_cannot_be_is_refused(tmp_path, nv):
    with pytest.raises(FemurfeError, match="nv must be one whole number"):
        read_problem(written(tmp_path, nv=np.asarray(nv)), order=1)


def test_an_order_that_is_not_is_refused(tmp_path):
    with pytest.raises(FemurfeError, match="order must be 1"):
        read_problem(written(tmp_path), order=3)


def test_voxels_are_told_from_tetrahedra(tmp_path):
    assert not holds_voxels(written(tmp_path))
    path = tmp_path / "voxels.npz"
    none = np.zeros((1, 3), dtype=int)
    np.savez(path, E=np.ones((2, 2, 2)), h=1.0, nu=0.3, fixed=none, F_idx=none, F=np.ones((1, 3)))
    assert holds_voxels(path)
