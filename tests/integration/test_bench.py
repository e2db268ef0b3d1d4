"""``femurfe bench`` as a user calls it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree
from skfem import Basis, BilinearForm, ElementTetP1, ElementTetP2, ElementVector, MeshTet
from skfem.helpers import ddot, sym_grad, trace

from femurfe.bench.cube import cube

KEYS = {"n_dofs", "threads", "method", "iterations", "residual", "seconds", "peak_mb"}
PHASES = {"import", "read", "compile", "assembly", "setup", "solve", "total"}


def femurfe(*arguments):
    command = [sys.executable, "-m", "femurfe", "bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    fine, coarse = cube(2, 3, 5), cube(1, 3, 5)
    out = tmp_path_factory.mktemp("bench") / "cube.npz"
    np.savez(
        out,
        points=fine.mesh.points,
        tets=fine.mesh.cells,
        nv=coarse.mesh.n_points,
        E=fine.young,
        nu=fine.poisson,
        fixed=fine.fixed,
        F2=np.moveaxis(fine.forces, 2, 0),
        F1=np.moveaxis(coarse.forces, 2, 0),
    )
    return out


def by_scikit_fem(problem):
    """Displacements (k, n, 3) by scikit-fem and a sparse direct solver."""
    corners, order = problem.mesh.corners, problem.mesh.cell_type.order
    n = int(corners.max()) + 1
    mesh = MeshTet(problem.mesh.points[:n].T.copy(), corners.T.astype(np.int64))
    basis = Basis(mesh, ElementVector(ElementTetP2() if order == 2 else ElementTetP1()))
    e, nu = problem.young[:, None], problem.poisson[:, None]
    one = np.ones(basis.dx.shape)

    @BilinearForm
    def stiffness(u, v, w):
        a, b = sym_grad(u), sym_grad(v)
        return w["lam"] * trace(a) * trace(b) + 2.0 * w["mu"] * ddot(a, b)

    matrix = stiffness.assemble(
        basis, lam=one * e * nu / ((1 + nu) * (1 - 2 * nu)), mu=one * e / (2 * (1 + nu))
    )
    away, point = cKDTree(problem.mesh.points).query(basis.doflocs[:, ::3].T)
    assert away.max() < 1e-9
    free = np.flatnonzero(np.repeat(~np.isin(point, problem.fixed), 3))
    right = problem.forces[point].reshape(-1, problem.n_loads)[free]
    flat = np.zeros((len(point) * 3, problem.n_loads))
    flat[free] = spsolve(matrix.tocsc()[free][:, free], right)
    out = np.zeros((problem.n_loads, problem.mesh.n_points, 3))
    out[:, point] = np.moveaxis(flat.reshape(-1, 3, problem.n_loads), 2, 0)
    return out


@pytest.mark.parametrize(("order", "method"), [(1, "multigrid"), (2, "multigrid"), (2, "direct")])
def test_a_problem_from_outside_is_solved_right(path, tmp_path, order, method):
    out = tmp_path / "u.npy"
    done = femurfe(
        "solve", "--mesh", path, "--order", order, "--method", method, "--threads", 1, "--out", out, "--json"
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert set(record) == KEYS
    assert set(record["seconds"]) == PHASES
    assert record["method"] == method
    assert len(record["iterations"]) == len(record["residual"]) == 3
    assert max(record["residual"]) <= 1e-8
    counted = sum(record["seconds"][phase] for phase in ("assembly", "setup", "solve"))
    assert record["seconds"]["total"] == pytest.approx(counted)
    found, expected = np.load(out), by_scikit_fem(cube(order, 3, 5))
    assert record["n_dofs"] == expected[0].size
    assert np.abs(found - expected).max() <= 1e-7 * np.abs(expected).max()


def test_without_json_a_table_is_printed(path):
    done = femurfe("solve", "--mesh", path, "--order", 1, "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()][:4] == [
        "unknowns", "method", "iterations", "residual",
    ]  # fmt: skip


def test_a_wrong_file_ends_in_one_line(path, tmp_path):
    other = tmp_path / "other.npz"
    np.savez(other, points=np.load(path)["points"], tets=np.load(path)["tets"])
    done = femurfe("solve", "--mesh", other, "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "lacks E, nu, fixed, F2" in done.stderr


def test_an_unknown_method_ends_in_one_line(path):
    done = femurfe("solve", "--mesh", path, "--method", "magic")
    assert done.returncode == 1
    assert "magic" in done.stderr


def test_scaling_solves_each_file_and_says_when_nothing_can_be_fitted(path, tmp_path):
    out = tmp_path / "scaling.json"
    done = femurfe("scaling", path, "--repeats", 1, "--threads", 1, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "cube.npz" in done.stdout
    assert "no exponent" in done.stderr
    assert json.loads(out.read_text())["exponent"] is None
