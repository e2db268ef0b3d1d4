"""Coarser levels of a matrix of blocks by smoothed aggregation with rigid motions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.ordering import even_pieces
from femurfe.fem.pieces import hung, parted, pieces_of_groups, smoothed
from femurfe.kernels import aggregate as kernels
from femurfe.kernels import galerkin
from femurfe.kernels.team import Team

STRENGTH = 0.05
LOST, STALLED = 0.005, 0.6
ENERGY_STEPS = 3
COARSEST, DENSE = 150, 0.25
MOST_LEVELS = 8
PIECES, COARSE_PIECE = 64, 48
LEAST_PIVOT = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class BlockRows:
    """A matrix of equal blocks in compressed rows with sorted columns.

    Attributes
    ----------
    pointer : (n_rows + 1,); columns : (nnz,); data : (nnz, rows, columns of a block).
    """

    pointer: Ints
    columns: Ints
    data: Floats

    @property
    def n_rows(self) -> int:
        """Number of block rows."""
        return len(self.pointer) - 1

    def diagonal(self) -> Floats:
        """The blocks on the diagonal, (n_rows, rows, columns)."""
        row = np.repeat(np.arange(self.n_rows), np.diff(self.pointer))
        return np.asarray(self.data[np.flatnonzero(row == self.columns)])


@dataclass(frozen=True, eq=False, slots=True)
class CoarseStep:
    """A level and its transfer to the next: matrix, inverse diagonal, prolongator, restriction.

    Blocks of ``down`` are as they stand in ``up``, see `transposed`.
    """

    matrix: BlockRows
    inverse: Floats
    up: BlockRows
    down: BlockRows


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """What a coarsening has beside numbers of its matrix; matrices of one pattern may share it.

    Attributes
    ----------
    pointer, columns : pattern of the matrix it was made for; strong : that of its strong neighbours.
    up : pattern (pointer, columns) of the prolongator; image, coarse : of A P and P^T A P.
    group : (n,) of each row, -1 for none, by their first rows; n_groups : columns of the prolongator.
    founded : (n_groups,) groups in the order in which they were founded.
    orthonormal : (n, b, 6) modes by group, the prolongator before it is smoothed.
    modes : (n_groups, 6, 6) coarse rigid motions; constraint : (n, 6, 6), see
        `femurfe.kernels.aggregate.constraints`.
    piece : (n_groups,) that of each group, None if pieces are not told apart from there on.
    hinged : whether pieces of some size hang on hinges of it, see `femurfe.fem.pieces.hung`.
    """

    pointer: Ints
    columns: Ints
    strong: tuple[Ints, Ints]
    up: tuple[Ints, Ints]
    image: tuple[Ints, Ints]
    coarse: tuple[Ints, Ints]
    group: Ints
    n_groups: int
    founded: Ints
    orthonormal: Floats
    modes: Floats
    constraint: Floats
    piece: Ints | None
    hinged: bool

    def start(self) -> BlockRows:
        """The prolongator before it is smoothed: of each row, its own group's modes alone.

        It is float32, as its energy is the least there is: errors count squared.
        """
        own = self.group >= 0
        pointer = np.concatenate([[0], np.cumsum(own)])
        return BlockRows(pointer, self.group[own], self.orthonormal[own].astype(np.float32))

    def fits(self, matrix: BlockRows) -> bool:
        """Whether a matrix has the same pattern, and nearly all that was strong in it still is.

        Groups that jumps of stiffness cross cost a fifth more iterations; new ones, two.
        """
        same = np.array_equal(self.pointer, matrix.pointer)
        if not (same and np.array_equal(self.columns, matrix.columns)):
            return False
        now = kernels.strength(matrix.pointer, matrix.columns, matrix.data, STRENGTH)
        return bool(kernels.common(*self.strong, *now) >= (1.0 - LOST) * len(self.strong[1]))


def aggregated(
    matrix: BlockRows,
    inverse: Floats,
    modes: Floats,
    alone: np.ndarray[tuple[int], np.dtype[np.bool_]],
    team: Team,
    plans: list[Plan] | None = None,
    inverses: Callable[[Floats], Floats] | None = None,
    pieces: Callable[[], Ints | None] | None = None,
    order: Ints | None = None,
) -> tuple[list[CoarseStep], BlockRows]:
    """The levels of a matrix, and the coarsest matrix, which is inverted whole.

    It has at most ``COARSEST`` rows, or as many as give its inverse ``DENSE`` of the entries of the first.

    Parameters
    ----------
    inverse : (n, 3, 3) inverses of the diagonal blocks, zero in held directions.
    modes : (n, 3, 6) rigid motions. alone : (n,) rows without any freedom.
    plans : of an earlier matrix of the same modes, which are followed if the first `Plan.fits`;
        else it gets those of this matrix.
    inverses : of diagonal blocks on coarser levels; `block_inverses` if None.
    pieces : gives (n,) the piece of each row, see `femurfe.fem.pieces`, where groups are made; one for all
        if None.
    order : (n,) rows in the order in which they found groups; as they are numbered if None.
    """
    if plans and not plans[0].fits(matrix):
        plans.clear()
    known, invert = list(plans or ()), inverses or block_inverses
    piece = None if known or pieces is None else pieces()
    order = np.arange(matrix.n_rows) if order is None else order
    steps: list[CoarseStep] = []
    most = max(COARSEST, int(np.sqrt(DENSE * matrix.data.size) / 6.0))
    while not steps or (matrix.n_rows > most and len(steps) < MOST_LEVELS):
        plan = known[len(steps)] if known else _plan(matrix, modes, alone, piece, order)
        if plans is not None and not known:
            plans.append(plan)
        up = _least_energy(matrix, inverse, plan, team)
        down = transposed(up, plan.n_groups)
        steps.append(CoarseStep(matrix, inverse, up, down))
        matrix = _coarse(matrix, up, down, plan, team)
        inverse, modes, alone = (
            invert(matrix.diagonal()),
            plan.modes,
            np.zeros(plan.n_groups, dtype=bool),
        )
        piece, order = plan.piece, plan.founded
    return steps, matrix


def block_inverses(blocks: Floats) -> Floats:
    """Inverses of blocks (n, 6, 6); directions without stiffness get zero."""
    values = np.einsum("nii->ni", blocks)
    dead = values <= 1e-12 * values.max(axis=1, initial=0.0, keepdims=True)
    filled = blocks.copy()
    row, i = np.nonzero(dead)
    filled[row, i, i] = np.where(values.max(axis=1)[row] > 0.0, values.max(axis=1)[row], 1.0)
    out = np.linalg.inv(filled)
    out[row, i, :] = 0.0
    out[row, :, i] = 0.0
    return np.asarray(out)


def _plan(
    matrix: BlockRows, modes: Floats, alone: np.ndarray[tuple[int], np.dtype[np.bool_]], piece: Ints | None,
    order: Ints, threshold: float = STRENGTH,
) -> Plan:  # fmt: skip
    """Groups of strongly connected rows and all patterns that follow from them.

    If groups were nearly as many as rows, all connections are strong, and no pieces are told apart.
    """
    strong = kernels.strength(matrix.pointer, matrix.columns, matrix.data, threshold)
    piece, at = hung(strong, piece)
    group, n_groups, founded = _groups(strong, alone, piece, at, order)
    if n_groups > STALLED * matrix.n_rows and threshold > 0.0:
        return _plan(matrix, modes, alone, None, order, 0.0)
    orthonormal, coarse_modes = kernels.tentative(group, n_groups, modes)
    up = kernels.pattern(*smoothed(strong, piece), group, n_groups)
    image = galerkin.product_pattern(matrix.pointer, matrix.columns, *up, n_groups)
    down = kernels.transposed(*up, n_groups)[:2]
    coarse = galerkin.product_pattern(*down, *image, n_groups)
    constraint = np.empty((matrix.n_rows, 6, 6))
    kernels.constraints(*up, coarse_modes, LEAST_PIVOT, constraint)
    return Plan(
        matrix.pointer,
        matrix.columns,
        strong,
        up,
        image,
        coarse,
        group,
        n_groups,
        founded,
        orthonormal,
        coarse_modes,
        constraint,
        pieces_of_groups(piece, group, n_groups),
        len(at) > 0,
    )


def _groups(
    strong: tuple[Ints, Ints], alone: np.ndarray[tuple[int], np.dtype[np.bool_]], piece: Ints | None,
    at: Ints, order: Ints,
) -> tuple[Ints, int, Ints]:  # fmt: skip
    """Group of each row, -1 for none, their number, and the groups in the order in which they were founded.

    The rows ``at`` hinges make one each.
    """
    group, n_groups = kernels.aggregate(*parted(strong, piece), alone, order)
    at = at[group[at] >= 0]
    group[at] = n_groups + np.arange(len(at))
    in_any = np.flatnonzero(group >= 0)[::-1]
    first = np.full(n_groups + len(at), len(group))
    first[group[in_any]] = in_any
    number = np.argsort(np.argsort(first))
    group[in_any] = number[group[in_any]]
    founded = number[first < len(group)]
    return group, len(founded), founded


def _least_energy(matrix: BlockRows, inverse: Floats, plan: Plan, team: Team) -> BlockRows:
    """The prolongator after steps of conjugate gradients on its energy."""
    start = plan.start()
    p = _on_pattern(plan, start.data)
    left, work, direction, before = np.empty_like(p), np.empty_like(p), np.zeros_like(p), 0.0
    rows = even_pieces(0, matrix.n_rows, PIECES, PIECES)
    modes = plan.modes, np.ascontiguousarray(plan.modes.transpose(0, 2, 1))

    def times(field: BlockRows, image: Floats) -> None:
        team.run(
            galerkin.times_prolongator_pass, rows, matrix.pointer, matrix.columns, matrix.data, field.pointer,
            field.columns, field.data, *plan.up, image,
        )  # fmt: skip

    def add(out: Floats, field: Floats, share: float, keep: float = 1.0) -> None:
        team.run(galerkin.add_pass, plan.up[0][rows], out, field, share, keep)

    times(start, left)
    np.negative(left, out=left)
    for _ in range(ENERGY_STEPS):
        team.run(galerkin.constrained_pass, rows, *plan.up, inverse, *modes, plan.constraint, left, work)
        now = float(np.vdot(left, work))
        if not now > 0.0:
            break
        add(direction, work, 1.0, now / before if before else 0.0)
        times(BlockRows(*plan.up, direction), work)
        length = now / float(np.vdot(direction, work))
        add(p, direction, length)
        add(left, work, -length)
        before = now
    return BlockRows(*plan.up, p)


def _on_pattern(plan: Plan, start: Floats) -> Floats:
    """The blocks of `Plan.start` on the pattern that the prolongator is going to have."""
    pointer, columns = plan.up
    out = np.zeros((len(columns), *start.shape[1:]), dtype=start.dtype)
    row = np.repeat(np.arange(len(plan.group)), np.diff(pointer))
    out[plan.group[row] == columns] = start
    return out


def transposed(up: BlockRows, n_groups: int) -> BlockRows:
    """The transpose of a prolongator with ``n_groups`` columns, its blocks as they stand there."""
    pointer, rows, where = kernels.transposed(up.pointer, up.columns, n_groups)
    return BlockRows(pointer, rows, up.data[where])


def _coarse(matrix: BlockRows, up: BlockRows, down: BlockRows, plan: Plan, team: Team) -> BlockRows:
    """The matrix of the next level."""
    pointer, columns = plan.coarse
    data = np.empty((len(columns), 6, 6))
    pieces = even_pieces(0, plan.n_groups, COARSE_PIECE, PIECES)
    team.run(
        galerkin.coarse_pass, pieces, matrix.pointer, matrix.columns, matrix.data, up.pointer, up.columns,
        up.data, *plan.image, down.pointer, down.columns, down.data, pointer, columns, data,
    )  # fmt: skip
    return BlockRows(pointer, columns, data)
