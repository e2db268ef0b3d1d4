"""A first solve in a fresh process: what it compiles, and what helpers compile for it."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

MOST_COMPILED = 168  # ten of them for stiff pieces in soft surroundings
TAKEN_OUT = ("krylov.", "tet.", "numbering.slots")
SOLVE = """
import json, sys, time
import numpy as np
from numba.core import event

compiled, depth = [], []

class Listener(event.Listener):
    def on_start(self, ev):
        name = ev.data["dispatcher"].py_func
        compiled.append([len(depth), name.__module__ + "." + name.__qualname__, str(ev.data["args"])])
        depth.append(name)

    def on_end(self, ev):
        depth.pop()

event.register("numba:compile", Listener())

from femurfe.bench.clock import Clock
from femurfe.bench.cube import cube
from femurfe.bench.solve import held, timed_solve
from femurfe.evaluate.strains import Geometry, averaged
from femurfe.fem.linear import SolverOptions
from femurfe.fem.recover import cell_strain, quadrature_volumes
from femurfe.fem.stiffness import stiffness_for
from femurfe.kernels import ahead, plan, threads

PLANS = "tetrahedra 2", "platens", plan.judging_plan(2)
problem = cube(2, 2, 4)
problem.young[::7] *= 1e3
with threads.using(2):
    if "wait" in sys.argv:
        ahead.start(*PLANS)
        for crew in ahead._crews:
            with crew.changed:
                assert crew.changed.wait_for(lambda: not crew.waiting and not crew.running, 300.0)
    if "help" in sys.argv:
        ahead.start(*PLANS)
        for name in PLANS:
            ahead.ready(name)
    options = SolverOptions("multigrid")
    displacement, _ = timed_solve(problem, options, Clock())
    displacement.flags.writeable = False
    stiffness = stiffness_for(problem.mesh, problem.young, problem.poisson, None, held(problem), options)
    stiffness.apply(np.zeros((problem.mesh.n_points, 3, 3)))
    cell_strain(problem.mesh, displacement[0])
    quadrature_volumes(problem.mesh)
    n_cells = problem.mesh.n_cells
    averaged(Geometry(problem.mesh), np.ones((n_cells, 1)), np.zeros(n_cells, int), (2.0,))
np.save(sys.argv[1], displacement)
planned = [
    [k.py_func.__module__ + "." + k.py_func.__qualname__, str(args)]
    for name in PLANS for bundle in plan.bundles(name) for k, args in bundle
]
helpers = [helper.pid for crew in ahead._crews for helper in crew.helpers]
print(json.dumps({"compiled": compiled, "planned": planned, "helpers": helpers}))
"""


def solve(out, cache, *words, helpers):
    """Displacements of a small problem, and what was compiled by this process."""
    own = {"NUMBA_CACHE_DIR": str(cache), "FEMURFE_HELPERS": str(helpers), "NUMBA_NUM_THREADS": "2"}
    command = [sys.executable, "-c", SOLVE, str(out), *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=500, check=False, env={**os.environ, **own}
    )
    assert done.returncode == 0, done.stderr
    return np.load(out), json.loads(done.stdout.splitlines()[-1])


def alive(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A solve without helpers in an empty store."""
    folder = tmp_path_factory.mktemp("alone")
    return (*solve(folder / "u.npy", folder / "cache", helpers=0), folder / "cache")


@pytest.fixture(scope="module")
def helped(alone, tmp_path_factory):
    """A solve that waits until a helper has compiled what was taken out of a full store."""
    folder = tmp_path_factory.mktemp("helped")
    shutil.copytree(alone[2], folder / "cache")
    for name in TAKEN_OUT:
        files = list((folder / "cache").rglob(f"{name}*.nb?"))
        assert files
        for file in files:
            file.unlink()
    return solve(folder / "u.npy", folder / "cache", "wait", helpers=1)


def outermost(record):
    return sorted([name, args] for depth, name, args in record["compiled"] if depth == 0)


@pytest.mark.slow
def test_a_plain_solve_compiles_no_more_than_it_is_known_to(alone):
    assert 60 < len(alone[1]["compiled"]) <= MOST_COMPILED


@pytest.mark.slow
def test_a_plan_names_exactly_what_is_called(alone):
    assert outermost(alone[1]) == sorted(alone[1]["planned"])


@pytest.mark.slow
def test_a_solve_in_float32_compiles_no_cycle_in_float64(alone):
    cycles = [args for _, name, args in alone[1]["compiled"] if name.startswith("femurfe.kernels.cycle.")]
    assert any(", UniTuple(int64, 4)" in args for args in cycles)
    assert not any(", UniTuple(int64, 8)" in args for args in cycles)


@pytest.mark.slow
def test_what_helpers_compiled_is_loaded_and_gives_the_same_bits(alone, helped):
    displacement, record = helped
    assert record["helpers"]
    assert record["compiled"] == []
    np.testing.assert_array_equal(displacement, alone[0])


@pytest.mark.slow
def test_no_helper_outlives_its_process(helped):
    assert not any(alive(process_id) for process_id in helped[1]["helpers"])


@pytest.mark.slow
def test_a_second_solve_compiles_nothing_and_starts_no_helper(alone, tmp_path):
    displacement, record = solve(tmp_path / "u.npy", alone[2], "help", helpers=1)
    assert record["compiled"] == record["helpers"] == []
    np.testing.assert_array_equal(displacement, alone[0])
