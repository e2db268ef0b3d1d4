"""How near the products of ten-point cells come to the machine's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from femurfe.bench import sweeps
from femurfe.bench.cube import cube
from femurfe.bench.limits import Limits, Share, share_reached
from femurfe.bench.solve import held
from femurfe.fem.tetrahedra import TetrahedralStiffness, tetrahedral_stiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.kernels import finest, krylov, tet10
from femurfe.kernels import threads as threading
from femurfe.kernels.tables import FINE, Table, aligned
from femurfe.kernels.team import Team
from femurfe.kernels.tet10 import BATCH
from femurfe.kernels.vector import marker

ALONG = 22
FEW = 3
ROUNDS = 400
LOADS = 2
TRIES = 25


@dataclass(frozen=True, slots=True)
class OperatorSpeed:
    """One product with the stiffness, for two loads.

    Attributes
    ----------
    n_dofs : unknowns. milliseconds : the quickest of some tries.
    gflops : operations of the cells' routine per second, 1e9; in_cache : the same where a few cells are
        multiplied over and over, so that all they read and write stays in cache.
    share : of the nearer of the machine's limits.
    """

    n_dofs: int
    milliseconds: float
    gflops: float
    in_cache: float
    share: Share

    @property
    def share_in_cache(self) -> float:
        """Speed over that of the same routine on data in cache."""
        return self.gflops / self.in_cache


class _Counted:
    """A number that counts what is done with it."""

    done = 0

    def _count(self, _: object = None) -> _Counted:
        _Counted.done += 1
        return self

    __add__ = __sub__ = __mul__ = __rmul__ = __neg__ = _count


def operations_per_cell() -> int:
    """Products, sums and changes of sign of one cell and one load."""
    _Counted.done = 0
    u = [[_Counted() for _ in range(3)] for _ in range(10)]
    tet10.forces(u, [_Counted()] * 9, _Counted())
    return _Counted.done


def bytes_per_product(stiffness: TetrahedralStiffness, size: int) -> float:
    """What a product must move at least, each array once: cells, x, and y written.

    Parameters
    ----------
    size : bytes of a number, 4 or 8.
    """
    cells = stiffness.ordering.conn.size // 10
    rows = stiffness.mesh.n_points
    return cells * (10.0 * size + 20.0) + rows * LOADS * 4.0 * size * 2.0


def operator_speeds(limits: Limits, along: int = ALONG) -> dict[str, OperatorSpeed]:
    """The products in float32 and float64 on as many threads as the limits were measured with."""
    problem = cube(2, LOADS, along)
    constraints = held(problem)
    with threading.using(limits.threads) as n, Team(n) as team:
        in_cache = {name: cells_in_cache(team, n, name) for name in ("float32", "float64")}
        stiffness = tetrahedral_stiffness(problem.mesh, problem.young, problem.poisson, constraints)
        solver = TetrahedralSolver(stiffness, constraints, LOADS, team)
        special, mark = solver.special.record, solver.marker
        actions: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
            "float32": (finest.fine_pass, (mark, solver.kind, solver.fine.record, special, -1)),
            "float64": (krylov.product, (mark, krylov.DOUBLE, stiffness.nodes, solver.exact.record, special)),
        }
        seconds = {name: _quickest(team, *action) for name, action in actions.items()}
    return {name: _speed(limits, stiffness, name, time, in_cache[name]) for name, time in seconds.items()}


def cells_in_cache(team: Team, n_threads: int, name: str, rounds: int = ROUNDS) -> float:
    """Operations per second, 1e9, of the cells' routine on a few cells per thread.

    Parameters
    ----------
    name : ``"float32"`` or ``"float64"``. rounds : over the cells in one try.
    """
    problem = cube(2, LOADS, FEW)
    stiffness = tetrahedral_stiffness(problem.mesh, problem.young, problem.poisson, held(problem))
    precision, o = np.dtype(name), stiffness.ordering
    places, n_batches = aligned((n_threads, o.n_places, LOADS, 4), precision), len(o.conn)
    table = Table(
        FINE, conn=o.conn, short=o.short, y=places, x=stiffness.rows(LOADS, precision),
        geometry=stiffness.single if name == "float32" else stiffness.double,
    )  # fmt: skip
    kind, each = (0,) * precision.itemsize, places[0].nbytes
    arguments = marker(LOADS), kind, table.record, each, n_threads, n_batches, rounds
    seconds = _quickest(team, sweeps.cells_in_cache, arguments)
    return 1e-9 * n_threads * rounds * n_batches * BATCH * operations_per_cell() * LOADS / seconds


def _quickest(team: Team, kernel: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    times = []
    for _ in range(TRIES):
        start = perf_counter()
        team.run(kernel, *arguments)
        times.append(perf_counter() - start)
    return min(times)


def _speed(
    limits: Limits, stiffness: TetrahedralStiffness, name: str, seconds: float, in_cache: float
) -> OperatorSpeed:
    size = np.dtype(name).itemsize
    operations = float(operations_per_cell() * stiffness.mesh.n_cells * LOADS)
    moved = bytes_per_product(stiffness, size)
    share = share_reached(limits, seconds, moved=moved, operations=operations, single=size == 4)
    speed = 1e-9 * operations / seconds
    return OperatorSpeed(3 * stiffness.mesh.n_points, 1e3 * seconds, speed, in_cache, share)
