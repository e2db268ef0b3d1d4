"""Files of voxels: what is read and solved, what is refused and in which words."""

import json
import subprocess
import sys

import numpy as np
import pytest

from femurfe.bench.solve import solve_file
from femurfe.bench.voxels import read_voxels, small_problem
from femurfe.errors import FemurfeError, NotConverged, UnreadableFile
from femurfe.fem.linear import SolverOptions
from femurfe.loads import Fixed, Force, LoadCase
from femurfe.materials import uniform_field
from femurfe.mesh.topology import boundary, facet_centroids
from femurfe.mesh.voxel import from_shares
from femurfe.model import Model, solve


def arrays():
    """A block of 4 x 3 x 6 voxels of 2 mm with a notch, held below and pulled above."""
    young = np.full((4, 3, 6), 100.0)
    young[:2] = 3000.0
    young[3, 2, 2:4] = 0.0
    plane = np.argwhere(np.ones((5, 4, 1)))
    top = plane + np.array([0, 0, 6])
    force = np.random.default_rng(0).standard_normal((len(top), 3))
    return {"E": young, "h": 2.0, "nu": 0.3, "fixed": plane, "F_idx": top, "F": force}


def written(folder, **changes):
    """A file of the block, with some arrays replaced, or left out if None."""
    path = folder / "voxels.npz"
    kept = {name: value for name, value in {**arrays(), **changes}.items() if value is not None}
    np.savez(path, **kept)
    return path


def by_the_direct_solver(own, force):
    """Displacements on the grid from an assembled hexahedral mesh, loads as nodal forces."""
    from femurfe.fem.assemble import assemble_stiffness

    voxels = from_shares(own["E"] > 0.0, (0.0, 0.0, 0.0), own["h"])
    i, j, k = voxels.index.T
    young = own["E"][i, j, k]
    matrix = assemble_stiffness(voxels.mesh, young, np.full(len(young), own["nu"])).to_scipy().tocsc()
    right = np.zeros((*(np.array(own["E"].shape) + 1), 3))
    right[tuple(own["F_idx"].T)] = force
    free = np.repeat(voxels.nodes[:, 2] > 0, 3)
    from scipy.sparse.linalg import spsolve

    flat = np.zeros(len(free))
    flat[free] = spsolve(matrix[free][:, free], right[tuple(voxels.nodes.T)].ravel()[free])
    out = np.zeros_like(right)
    out[tuple(voxels.nodes.T)] = flat.reshape(-1, 3)
    return out


def test_a_file_is_solved_as_by_an_assembled_matrix(tmp_path):
    own = arrays()
    forces = np.stack([own["F"], own["F"][::-1]])
    done = solve_file(written(tmp_path, F=forces), threads=1)
    assert done.displacement.shape == (2, 5, 4, 7, 3)
    for load in range(2):
        expected = by_the_direct_solver(own, forces[load])
        assert np.abs(done.displacement[load] - expected).max() <= 1e-7 * np.abs(expected).max()
    record = done.record
    assert record["n_dofs"] == 3 * (5 * 4 * 7 - 1)
    assert (record["method"], record["threads"]) == ("multigrid", 1)
    assert len(record["iterations"]) == len(record["residual"]) == 2
    assert max(record["residual"]) <= 1e-8
    seconds = record["seconds"]
    assert seconds["total"] == pytest.approx(seconds["assembly"] + seconds["setup"] + seconds["solve"])
    assert min(seconds["import"], seconds["read"], seconds["compile"], seconds["solve"]) > 0.0


def test_one_load_needs_no_first_axis_and_voids_stay_zero(tmp_path):
    own = arrays()
    own["E"][2:, :, 4:] = 0.0
    top = own["F_idx"][own["F_idx"][:, 0] <= 2]
    done = solve_file(written(tmp_path, E=own["E"], F_idx=top, F=np.ones((len(top), 3))))
    assert done.displacement.shape == (1, 5, 4, 7, 3)
    assert not done.displacement[0, 3:, :, 5:].any()
    assert done.displacement[0, :3, :, 1:].any(axis=-1).all()


def test_too_few_iterations_are_an_error(tmp_path):
    with pytest.raises(NotConverged):
        solve_file(written(tmp_path), options=SolverOptions(max_iterations=1))


def test_no_other_method_is_pretended(tmp_path):
    with pytest.raises(FemurfeError, match="solved by multigrid"):
        solve_file(written(tmp_path), options=SolverOptions("direct"))


def test_the_rehearsal_is_a_problem_of_as_many_loads():
    problem = small_problem(4)
    assert problem.forces.shape == (4, len(problem.nodes), 3)
    assert (np.abs(problem.forces).sum(axis=(1, 2)) > 0).all()


@pytest.mark.parametrize("name", ["E", "h", "nu", "fixed", "F"])
def test_a_missing_array_is_named(tmp_path, name):
    with pytest.raises(UnreadableFile, match=f"it lacks {name}"):
        read_voxels(written(tmp_path, **{name: None}))


NODE = np.array([[0, 0, 0]])
BAD = {
    "flat E": ({"E": np.ones((4, 3))}, "E must be .nx, ny, nz., got .4, 3."),
    "words": ({"E": np.full((2, 2, 2), "a")}, "E must be numbers"),
    "negative E": ({"E": np.full((4, 3, 6), -1.0)}, "the smallest is -1 MPa"),
    "nan E": ({"E": np.full((4, 3, 6), np.nan)}, "72 of its 72 values are not"),
    "void": ({"E": np.zeros((4, 3, 6))}, "no voxel"),
    "nu": ({"nu": 0.5}, "nu must be between -1 and 0.5"),
    "nu per voxel": ({"nu": np.full((4, 3, 6), 0.3)}, "nu must be one number"),
    "h": ({"h": 0.0}, "h must be above 0"),
    "h nan": ({"h": np.nan}, "h must be one number"),
    "fixed as ids": ({"fixed": np.arange(5)}, "fixed must be .n, 3. whole numbers"),
    "fixed as places": ({"fixed": np.zeros((3, 3))}, "fixed must be .n, 3. whole numbers"),
    "nothing fixed": ({"fixed": np.empty((0, 3), dtype=int)}, "fixed names no node"),
    "outside": ({"fixed": np.array([[0, 0, 7]])}, "1 nodes outside the grid .0 to .4, 3, 6."),
    "below": ({"F_idx": -NODE - 1, "F": np.ones((1, 3))}, "1 nodes outside the grid"),
    "twice": ({"F_idx": np.repeat(NODE, 2, axis=0), "F": np.ones((2, 3))}, "1 nodes more than once"),
    "F": ({"F": np.ones((3, 3))}, "F must be .20, 3. or .k, 20, 3."),
    "inf F": ({"F": np.full((20, 3), np.inf)}, "60 of its 60 values are not"),
    "one line": ({"fixed": np.array([[0, 0, 0], [1, 0, 0], [4, 0, 0]])}, "free to move: fixed holds 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused_in_one_sentence(tmp_path, case):
    changes, words = BAD[case]
    with pytest.raises(FemurfeError, match=words) as caught:
        solve_file(written(tmp_path, **changes))
    assert caught.value.code in ("E-BENCH-PROBLEM", "E-FILE-PROBLEM")
    assert "\n" not in str(caught.value)


def test_nodes_in_a_void_and_loose_parts_are_refused(tmp_path):
    young = arrays()["E"]
    young[:, :, 5] = 0.0
    with pytest.raises(FemurfeError, match="20 nodes of F_idx belong to no voxel"):
        read_voxels(written(tmp_path, E=young))
    young[:, :, 5], young[:, :, 4] = 100.0, 0.0
    with pytest.raises(FemurfeError, match="part 2 of 2 is free to move: fixed holds 0"):
        read_voxels(written(tmp_path, E=young))


def test_the_bench_and_the_model_agree(tmp_path):
    own = {**arrays(), "E": np.where(np.arange(6) < 3, 500.0, 100.0) * np.ones((4, 3, 1))}
    voxels = from_shares(np.ones((4, 3, 6)), (0.0, 0.0, 0.0), 2.0)
    rows = boundary(voxels.mesh)
    height = facet_centroids(voxels.mesh, rows)[:, 2]
    mesh = voxels.mesh.with_surfaces({"low": rows[height < 1e-9], "high": rows[height > 12.0 - 1e-9]})
    young = own["E"][tuple(voxels.index.T)]
    case = LoadCase("pull", (Fixed("low"),), (Force("high", (1.0, 2.0, 3.0)),))
    result = solve(Model(mesh, uniform_field(mesh.n_cells, young, 0.3), case), SolverOptions("multigrid"))
    top = voxels.nodes[voxels.nodes[:, 2] == 6]
    forces = result.force[voxels.nodes[:, 2] == 6]
    done = solve_file(written(tmp_path, E=own["E"], F_idx=top, F=forces))
    found = done.displacement[0][tuple(voxels.nodes.T)]
    assert np.abs(found - result.displacement).max() <= 1e-6 * np.abs(found).max()


def test_the_command_line_prints_the_record_and_writes_the_grid(tmp_path):
    path, out = written(tmp_path), tmp_path / "u.npy"
    command = [sys.executable, "-m", "femurfe", "bench", "solve", "--mesh", str(path), "--out", str(out)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert set(record) == {"n_dofs", "threads", "method", "iterations", "residual", "seconds", "peak_mb"}
    phases = {"import", "read", "compile", "assembly", "setup", "solve", "total"}
    assert set(record["seconds"]) == phases
    expected = solve_file(path).displacement
    assert np.load(out).tobytes() == expected.tobytes()
