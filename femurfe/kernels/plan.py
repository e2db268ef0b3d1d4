"""Which kernels, for which types of arguments, a piece of work is going to call.

A plan is named by words: ``tetrahedra LOADS`` (a solve with ten-point cells whose cycle is in
float32), ``platens`` (what rigid platens add to it), ``judging serial`` or ``judging parallel``
(strain and its means). It is a list of bundles, the longest to compile first; kernels that are
built of the same parts stand in one.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numba as nb
import numpy as np
from numba import types

from femurfe.kernels import (
    aggregate,
    bonds,
    cycle,
    dominance,
    galerkin,
    geometry,
    krylov,
    layout,
    neighbours,
    numbering,
    tet,
    vertexrows,
)
from femurfe.kernels.tables import FINE, LEVEL, SPECIAL, STATE, TRANSFER
from femurfe.kernels.vector import marker

Bundle: TypeAlias = list[tuple[Any, tuple[Any, ...]]]

INT, REAL = types.int64, types.float64
SINGLE, DOUBLE = nb.typeof((0,) * 4), nb.typeof(krylov.DOUBLE)
NODES = nb.typeof((0,) * 10)


def _array(kind: Any, dimensions: int, *, fixed: bool = False) -> Any:
    return types.Array(kind, dimensions, "C", readonly=fixed)


INTS, PAIRS = _array(INT, 1), _array(INT, 2)
REALS, ROWS, BLOCKS = (_array(REAL, n) for n in (1, 2, 3))
SHORT, FIELD = _array(types.float32, 1), _array(types.float32, 3)
POINTS, CELLS = _array(REAL, 2, fixed=True), _array(types.int32, 2, fixed=True)
NUMBERS, CONN = _array(types.uint32, 3), _array(types.uint16, 3)
PLACES, FLAGS = _array(types.uint32, 1), _array(types.bool_, 1)
TEAM = (INTS, INT)


def bundles(name: str) -> list[Bundle]:
    """The bundles of a plan.

    Raises
    ------
    KeyError
        If there is no plan of that name.
    """
    word, _, rest = name.partition(" ")
    return PLANS[word](rest)


def judging_plan(n_threads: int) -> str:
    """Name of the plan of strain and its means on a number of threads."""
    return "judging parallel" if n_threads > 1 else "judging serial"


def _tetrahedra(loads: str) -> list[Bundle]:
    return [*_iteration(int(loads)), *_levels(), *_ordering(), *_vertices()]


def _iteration(loads: int) -> list[Bundle]:
    mk = nb.typeof(marker(loads))
    fine, state, special, transfer, levels = (
        nb.typeof(np.zeros(1, kind)) for kind in (FINE, STATE, SPECIAL, TRANSFER, LEVEL)
    )
    smooth = (*TEAM, mk, SINGLE, fine, special)
    around = (*TEAM, mk, SINGLE, SINGLE, state, special, INT)
    return [
        [(cycle.precondition, (*smooth, transfer, special, levels, INT))],
        [
            (krylov.iterate, (*TEAM, mk, SINGLE, SINGLE, NODES, state, special, INT)),
            (krylov.product, (*TEAM, mk, DOUBLE, NODES, state, special)),
            (krylov.turn, around),
            (krylov.gather, (*TEAM, mk, SINGLE, state, special, state)),
            (krylov.renew, (*TEAM, mk, SINGLE, SINGLE, state, state, INT)),
        ],
    ]


def _levels() -> list[Bundle]:
    rows, single = (INTS, INTS, BLOCKS), (INTS, INTS, FIELD)
    return [
        [(aggregate.tentative, (INTS, INT, BLOCKS))],
        [(galerkin.constrained_pass, (*TEAM, INTS, INTS, INTS, *(BLOCKS,) * 4, FIELD, FIELD))],
        [(galerkin.coarse_pass, (*TEAM, INTS, *rows, *single, INTS, INTS, *single, *rows))],
        [(galerkin.product_pattern, (*(INTS,) * 4, INT))],
        [(aggregate.strength, (*rows, REAL))],
        [(galerkin.times_prolongator_pass, (*TEAM, INTS, *rows, *single, *single))],
        [(galerkin.add_pass, (*TEAM, INTS, FIELD, FIELD, REAL, REAL))],
        [(aggregate.aggregate, (INTS, INTS, FLAGS, INTS))],
        [(aggregate.pattern, (INTS, INTS, INTS, INT))],
        [(aggregate.constraints, (*rows, REAL, BLOCKS))],
        [
            (aggregate.transposed, (INTS, INTS, INT)),
            (bonds.jumps, (CELLS, REALS, INT, REAL)),
        ],
        [(bonds.bonded, (CELLS, REALS, INT, REAL))],
        [
            (bonds.piece_of_points, (CELLS, REALS, INTS, INT)),
            (bonds.parted, (INTS, INTS, INTS, FLAGS, FLAGS)),
        ],
    ]


def _ordering() -> list[Bundle]:
    filled = (REALS, REALS, CONN, FIELD, BLOCKS, ROWS, ROWS)
    constants = (POINTS, CELLS, REALS, REALS, _array(REAL, 4))
    groups = (INTS, INTS, INTS, INTS, BLOCKS)
    return [
        [(geometry.geometry_pass, (*TEAM, POINTS, CELLS, INTS, INTS, PAIRS, *filled))],
        [(numbering.slots, (NUMBERS, INTS, PAIRS, PAIRS, INTS, PLACES, CONN, CONN, INTS))],
        [(numbering.number, (CELLS, INTS, INTS, INTS, NUMBERS, PAIRS, PAIRS, INTS, INTS))],
        [(numbering.first_touches, (NUMBERS, INTS, INT, PLACES, INTS))],
        [(numbering.mark_shared, (CELLS, INTS, INTS, FLAGS))],
        [(numbering.curve_keys, (ROWS, REALS, REAL))],
        [(geometry.largest_bend, (POINTS, CELLS)), (numbering.centroids, (POINTS, CELLS))],
        [(dominance.dominant_cells, (*constants, REAL)), (dominance.couplings, (*constants, *groups))],
    ]


def _vertices() -> list[Bundle]:
    copies = (INT, INTS, INTS)
    return [
        [(vertexrows.vertex_matrix, (INTS, INTS, PAIRS, INTS, INTS, ROWS, INT, INT, INT, INTS, BLOCKS))],
        [
            (vertexrows.vertex_edges, (PAIRS, INT)),
            (vertexrows.layers, (INTS, INTS, PAIRS, INTS)),
            (vertexrows.vertices_along, (CELLS, INTS, INT)),
        ],
        [(layout.gather, (*copies, ROWS)), (vertexrows.edge_ends, (CELLS, PAIRS))],
        [(layout.spread, (*copies, FIELD)), (layout.spread, (*copies, BLOCKS))],
        [(layout.to_rows, (BLOCKS, INTS, FIELD)), (layout.to_rows, (BLOCKS, INTS, BLOCKS))],
        [(layout.from_rows, (BLOCKS, INTS, BLOCKS)), (layout.invert_symmetric, (ROWS, ROWS))],
        [(layout.combine, (*(kind,) * 3, REAL, REAL, REAL)) for kind in (SHORT, REALS)],
    ]


def _platens(_: str) -> list[Bundle]:
    state, special = nb.typeof(np.zeros(1, STATE)), nb.typeof(np.zeros(1, SPECIAL))
    return [[(krylov.product, (*TEAM, nb.typeof(marker(4)), DOUBLE, NODES, state, special))]]


def _judging(kind: str) -> list[Bundle]:
    parallel = kind == "parallel"
    strain = tet.strain_parallel if parallel else tet.strain_serial
    means = neighbours.ball_means_parallel if parallel else neighbours.ball_means_serial
    gradients = _array(REAL, 3, fixed=True)
    cells = (POINTS, CELLS, gradients)
    return [
        [(strain, (*cells, POINTS, BLOCKS))],
        [(means, (ROWS, REALS, INTS, REALS, ROWS, INTS, INTS, REALS, REAL, INTS, ROWS))],
        [(tet.jacobian_weights, (*cells, _array(REAL, 1, fixed=True)))],
    ]


PLANS = {"tetrahedra": _tetrahedra, "platens": _platens, "judging": _judging}
