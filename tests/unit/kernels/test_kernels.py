"""Kernels against plain arithmetic, and compiled against not compiled."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers.meshes import block, distorted

from femurfe.fem.assemble import assemble_stiffness, lame
from femurfe.fem.elements import tetrahedron
from femurfe.kernels import neighbours, smooth, sparse, tet, threads
from femurfe.mesh.improve import _cells_around
from femurfe.mesh.quality import mean_ratio
from femurfe.tensors import isotropic_stiffness

ORDERS = pytest.mark.parametrize("order", [1, 2])
BOTH = pytest.mark.parametrize("how", ["serial", "parallel"])


def kernel(module, name, how):
    return getattr(module, f"{name}_{how}")


def tiny(order, counts=(2, 1, 2)):
    """A distorted block of a few cells and random constants."""
    mesh = distorted(block(counts, (1.0, 0.8, 1.3), order))
    random = np.random.default_rng(1)
    return mesh, 10.0 ** random.uniform(1, 4, mesh.n_cells), random.uniform(0.0, 0.45, mesh.n_cells)


def run_python(code, **variables):
    """Run code in a process of its own, with the paths of this one."""
    path = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, f"exit {run.returncode}: {run.stderr}"
    return run


# --- products -------------------------------------------------------------------------------


@BOTH
@ORDERS
@pytest.mark.parametrize("columns", [1, 3])
def test_the_block_product_is_that_of_scipy(order, columns, how):
    mesh, young, poisson = tiny(order)
    matrix = assemble_stiffness(mesh, young, poisson)
    x = np.random.default_rng(2).normal(size=(mesh.n_points, 3, columns))
    out = np.full_like(x, np.nan)
    kernel(sparse, "multiply", how)(matrix.indptr, matrix.indices, matrix.data, x, out)
    wanted = matrix.to_scipy() @ x.reshape(-1, columns)
    np.testing.assert_allclose(out.reshape(-1, columns), wanted, rtol=0, atol=1e-14 * np.abs(wanted).max())


@BOTH
def test_a_row_without_blocks_gives_nothing(how):
    indptr, indices = np.array([0, 0, 1]), np.array([1], dtype=np.int32)
    out = np.full((2, 3, 1), np.nan)
    kernel(sparse, "multiply", how)(indptr, indices, 2.0 * np.eye(3)[None], np.ones((2, 3, 1)), out)
    assert out.ravel().tolist() == [0.0, 0.0, 0.0, 2.0, 2.0, 2.0]


@ORDERS
def test_a_body_that_moves_far_needs_no_force(order):
    """Rounding of stiff blocks times the way moved would be 1e-7 of a force for the strain below."""
    mesh, young, poisson = tiny(order)
    matrix = assemble_stiffness(mesh, young, poisson)
    far = np.full((mesh.n_points, 3, 1), 1e9)
    assert np.abs(matrix.apply(far)).max() == 0.0
    strain = 2.0**-20 * np.random.default_rng(6).integers(-100, 100, size=far.shape)
    expected = matrix.apply(strain)
    assert np.abs(matrix.apply(far + strain) - expected).max() <= 1e-12 * np.abs(expected).max()


@BOTH
def test_a_sum_of_a_row_beyond_rounding_is_kept(how):
    mesh, young, poisson = tiny(1)
    matrix = assemble_stiffness(mesh, young, poisson)
    data = matrix.data.copy()
    data[3, 1, 2] += 1e-9 * np.abs(data).max()
    x = np.random.default_rng(2).normal(size=(mesh.n_points, 3, 2))
    before, after = np.empty_like(x), np.empty_like(x)
    kernel(sparse, "multiply", how)(matrix.indptr, matrix.indices, matrix.data, x, before)
    kernel(sparse, "multiply", how)(matrix.indptr, matrix.indices, data, x, after)
    change = (data[3, 1, 2] - matrix.data[3, 1, 2]) * x[matrix.indices[3], 2]
    np.testing.assert_allclose((after - before)[0, 1], change, rtol=1e-4)


def test_serial_and_parallel_products_are_equal_in_every_bit():
    mesh, young, poisson = tiny(2, (3, 3, 3))
    matrix = assemble_stiffness(mesh, young, poisson)
    x = np.random.default_rng(4).normal(size=(mesh.n_points, 3, 2))
    first, second = np.empty_like(x), np.empty_like(x)
    parts = matrix.indptr, matrix.indices, matrix.data
    kernel(sparse, "multiply", "serial")(*parts, x, first)
    kernel(sparse, "multiply", "parallel")(*parts, x, second)
    assert np.array_equal(first, second)


# --- elements -------------------------------------------------------------------------------


@ORDERS
@pytest.mark.parametrize("general", [False, True], ids=["isotropic", "moduli"])
def test_the_assembled_matrix_is_the_same_in_every_bit_on_any_number_of_threads(order, general):
    mesh, young, poisson = tiny(order, (3, 3, 3))
    moduli = isotropic_stiffness(young, poisson) if general else None
    matrices = []
    for n in (1, threads.available()):
        with threads.using(n):
            matrices.append(assemble_stiffness(mesh, young, poisson, moduli))
    assert np.array_equal(matrices[0].data, matrices[1].data)


@ORDERS
def test_the_assembled_matrix_is_the_sum_of_its_elements(order):
    mesh, young, poisson = tiny(order)
    table, n = tetrahedron(order), mesh.n_points
    lam, mu = lame(young, poisson)
    wanted = np.zeros((n, 3, n, 3))
    for cell, lam_, mu_ in zip(mesh.cells, lam, mu, strict=True):
        none = np.empty((0, 6, 6))
        one = tet.element_stiffness(mesh.points[cell], table.gradients, table.weights, lam_, mu_, none)
        for a, row in enumerate(cell):
            for b, column in enumerate(cell):
                wanted[row, :, column, :] += one[a, b]
    found = assemble_stiffness(mesh, young, poisson).to_scipy().toarray()
    np.testing.assert_allclose(found, wanted.reshape(3 * n, 3 * n), rtol=0, atol=1e-14 * wanted.max())


@BOTH
@ORDERS
def test_strain_is_the_symmetric_part_of_the_slope(order, how):
    mesh, _, _ = tiny(order)
    slope = np.random.default_rng(5).normal(size=(3, 3))
    table = tetrahedron(order)
    out = np.full((mesh.n_cells, len(table.weights), 6), np.nan)
    kernel(tet, "strain", how)(mesh.points, mesh.cells, table.gradients, mesh.points @ slope.T, out)
    e = 0.5 * (slope + slope.T)
    wanted = [e[0, 0], e[1, 1], e[2, 2], e[0, 1], e[1, 2], e[0, 2]]
    np.testing.assert_allclose(out, np.broadcast_to(wanted, out.shape), rtol=0, atol=1e-12)


# --- means over balls -----------------------------------------------------------------------


def scattered(n=60, m=2):
    random = np.random.default_rng(6)
    return (
        random.uniform(-3.0, 5.0, (n, 3)),
        random.uniform(0.1, 2.0, n),
        random.integers(-1, 3, n),
        np.array([0.5, 1.7, 2.5]),
        random.normal(size=(n, m)),
    )


def ball_means(how, where, weight, group, radius, values):
    step = float(radius.max())
    start, order, low, counts = neighbours.buckets(where, step)
    out = np.full_like(values, np.nan)
    kernel(neighbours, "ball_means", how)(
        where, weight, group, radius, values, start, order, low, step, counts, out
    )
    return out


@BOTH
def test_the_mean_over_a_ball_is_that_of_all_points_of_the_group_in_it(how):
    where, weight, group, radius, values = scattered()
    found = ball_means(how, where, weight, group, radius, values)
    for i, g in enumerate(group):
        if g < 0:
            assert not found[i].any()
            continue
        near = (group == g) & (np.linalg.norm(where - where[i], axis=1) <= radius[g])
        np.testing.assert_allclose(found[i], weight[near] @ values[near] / weight[near].sum(), rtol=1e-13)


def test_the_mean_of_a_constant_is_the_constant_and_of_a_tiny_ball_the_value_itself():
    where, weight, group, radius, values = scattered()
    inside = group >= 0
    same = ball_means("serial", where, weight, group, radius, np.full_like(values, 7.0))
    np.testing.assert_allclose(same[inside], 7.0, rtol=1e-14)
    own = ball_means("serial", where, weight, group, np.full(3, 0.05), values)
    np.testing.assert_allclose(own[inside], values[inside], rtol=1e-14)


SMALL_BALLS = """
import numpy as np
from helpers.meshes import block
from femurfe.evaluate.strains import Geometry, averaged

mesh = block((3, 3, 3), (40.0, 40.0, 60.0))
values = np.random.default_rng(1).normal(size=(mesh.n_cells, 6))
for radius in (0.0, 1e-6, 1e-3, 0.1):
    found = averaged(Geometry(mesh), values, np.zeros(mesh.n_cells, dtype=int), [radius])
    assert np.allclose(found, values, rtol=1e-12), radius
print("right")
"""


def test_balls_smaller_than_any_cell_leave_each_cell_its_own_value():
    """In a process of its own: a grid of buckets as fine as such balls would overflow."""
    assert run_python(SMALL_BALLS).stdout.strip() == "right"


def test_every_point_is_in_one_bucket():
    where = scattered()[0]
    start, order, _, counts = neighbours.buckets(where, 1.1)
    assert sorted(order) == list(range(len(where)))
    assert start[0] == 0
    assert start[-1] == len(where)
    assert len(start) == counts.prod() + 1


# --- smoothing ------------------------------------------------------------------------------


def spoiled():
    """A block with one inner point far from its place, and places to try for it."""
    mesh = block((2, 2, 2), (2.0, 2.0, 2.0))
    points, cells = np.array(mesh.points), np.array(mesh.cells, dtype=np.int64)
    inner = int(np.flatnonzero((points == 1.0).all(axis=1))[0])
    points[inner] += [0.55, -0.5, 0.45]
    pointer, around = _cells_around(cells, len(points))
    places = np.array([[[1.5, 0.6, 1.4], [1.0, 1.0, 1.0], [1.2, 0.9, 1.1], [5.0, 5.0, 5.0]]])
    return points, cells, pointer, around, np.array([inner]), places


def test_a_point_moves_to_the_place_where_its_worst_cell_is_best():
    points, cells, pointer, around, movers, places = spoiled()
    before = mean_ratio(points, cells).min()
    assert smooth.take_best(points, cells, pointer, around, movers, places) == 1
    assert points[movers[0]].tolist() == [1.0, 1.0, 1.0]
    assert mean_ratio(points, cells).min() > before


def test_a_point_is_put_back_on_its_boundary_unless_a_cell_suffers():
    points, cells, pointer, around, movers, _ = spoiled()
    good = np.array([[1.0, 1.0, 1.0]])
    assert smooth.move_unless_bad(points, cells, pointer, around, movers, good, 0.25) == 1
    assert points[movers[0]].tolist() == [1.0, 1.0, 1.0]
    outside = np.array([[9.0, 9.0, 9.0]])
    assert smooth.move_unless_bad(points, cells, pointer, around, movers, outside, 0.25) == 0
    assert points[movers[0]].tolist() == [1.0, 1.0, 1.0]


def test_a_point_that_is_best_where_it_is_stays():
    points, cells, pointer, around, movers, places = spoiled()
    points[movers[0]] = 1.0
    kept = points.copy()
    assert smooth.take_best(points, cells, pointer, around, movers, places) == 0
    assert np.array_equal(points, kept)


# --- compiled and not -----------------------------------------------------------------------


def run_all():
    """Numbers from every kernel on tiny problems, as lists by name."""
    out = {}
    for order in (1, 2):
        mesh, young, poisson = tiny(order)
        table = tetrahedron(order)
        for name, moduli in (("isotropic", None), ("moduli", isotropic_stiffness(young, poisson))):
            matrix = assemble_stiffness(mesh, young, poisson, moduli)
            out[f"assemble {name} {order}"] = matrix.data
        x = np.random.default_rng(7).normal(size=(mesh.n_points, 3, 2))
        out[f"multiply {order}"] = matrix.apply(x)
        strain = np.empty((mesh.n_cells, len(table.weights), 6))
        moved = np.ascontiguousarray(x[..., 0])
        tet.strain_serial(mesh.points, mesh.cells, table.gradients, moved, strain)
        out[f"strain {order}"] = strain
        out[f"volumes {order}"] = tet.jacobian_weights(
            mesh.points, mesh.cells, table.gradients, table.weights
        )
        out[f"element {order}"] = tet.element_stiffness(
            mesh.points[mesh.cells[0]], table.gradients, table.weights, 2.0, 3.0, np.empty((0, 6, 6))
        )
    out["ball_means"] = ball_means("serial", *scattered())
    points, *rest = spoiled()
    out["moved"] = smooth.take_best(points, *rest)
    out["take_best"] = points
    return {name: np.asarray(value).tolist() for name, value in out.items()}


NOT_COMPILED = """
import json, numba, test_kernels
assert numba.config.DISABLE_JIT
print(json.dumps(test_kernels.run_all()))
"""


def test_kernels_give_the_same_numbers_without_compilation():
    run = run_python(NOT_COMPILED, NUMBA_DISABLE_JIT="1")
    plain, compiled = json.loads(run.stdout), run_all()
    assert plain.keys() == compiled.keys()
    for name, wanted in compiled.items():
        wanted = np.array(wanted)
        assert np.abs(wanted).max() > 0.0, name
        limit = 1e-14 * np.abs(wanted).max()
        np.testing.assert_allclose(np.array(plain[name]), wanted, rtol=0, atol=limit, err_msg=name)


# --- threads --------------------------------------------------------------------------------


def test_the_number_of_threads_is_set_for_a_while_and_restored():
    import numba

    before = numba.get_num_threads()
    with threads.using(1) as n:
        assert n == 1
        assert numba.get_num_threads() == 1
        assert threads.pick("serial", "parallel") == "serial"
    assert numba.get_num_threads() == before
    with pytest.raises(ZeroDivisionError), threads.using(1):
        _ = 1 / 0
    assert numba.get_num_threads() == before


def test_more_threads_than_there_are_become_all_of_them():
    with threads.using(10_000) as n:
        assert n == threads.available()
    with threads.using(None) as n:
        assert n == threads.available()
