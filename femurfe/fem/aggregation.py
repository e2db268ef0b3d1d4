"""Coarser levels of a matrix of blocks by smoothed aggregation with rigid motions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.ordering import even_pieces
from femurfe.fem.pieces import FEW, hinges, parted, pieces_of_groups
from femurfe.kernels import aggregate as kernels
from femurfe.kernels import galerkin
from femurfe.kernels.layout import combine
from femurfe.kernels.team import Team

STRENGTH = 0.05
LOST = 0.005
ENERGY_STEPS = 3
COARSEST, DENSE = 150, 0.25
MOST_LEVELS = 8
PIECES = 64
TINY = 1e-9


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
    """A level and its transfer to the next: matrix, inverse diagonal, prolongator, restriction."""

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
        `femurfe.kernels.aggregate.scaled_and_constrained`.
    hinged : whether pieces of some size hang on hinges of it, see `femurfe.fem.pieces.hinges`.
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
    hinged: bool = False

    def start(self) -> BlockRows:
        """The prolongator before it is smoothed."""
        pointer, columns = self.up
        data = np.zeros((len(columns), *self.orthonormal.shape[1:]))
        row = np.repeat(np.arange(len(self.group)), np.diff(pointer))
        data[self.group[row] == columns] = self.orthonormal[self.group >= 0]
        return BlockRows(pointer, columns, data)

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
        up = plan.start()
        _minimise_energy(matrix, inverse, plan, up.data, team)
        down = transposed(up, plan.n_groups)
        steps.append(CoarseStep(matrix, inverse, up, down))
        image = _product(matrix, up, plan.image, plan.n_groups, team)
        matrix = _product(down, image, plan.coarse, plan.n_groups, team)
        inverse, modes, alone = (
            invert(matrix.diagonal()),
            plan.modes,
            np.zeros(plan.n_groups, dtype=bool),
        )
        piece, order = pieces_of_groups(piece, plan.group, plan.n_groups), plan.founded
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
    order: Ints,
) -> Plan:  # fmt: skip
    """Groups of strongly connected rows and all patterns that follow from them."""
    strong = kernels.strength(matrix.pointer, matrix.columns, matrix.data, STRENGTH)
    at = hinges(strong, piece)
    group, n_groups, founded = _groups(strong, alone, piece, at, order)
    orthonormal, coarse_modes = kernels.tentative(group, n_groups, modes)
    up = kernels.pattern(*parted(strong, piece, FEW), group, n_groups)
    image = galerkin.product_pattern(matrix.pointer, matrix.columns, *up, n_groups)
    down = kernels.transposed(*up, n_groups)[:2]
    coarse = galerkin.product_pattern(*down, *image, n_groups)
    products = np.zeros((matrix.n_rows, 6, 6))
    kernels.mode_products(*up, coarse_modes, products)
    size = np.trace(products, axis1=1, axis2=2)
    products += (np.where(size > 0.0, TINY * size, 1.0))[:, None, None] * np.eye(6)
    constraint = np.asarray(np.linalg.inv(products))
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


def _minimise_energy(matrix: BlockRows, inverse: Floats, plan: Plan, p: Floats, team: Team) -> None:
    """Steps of conjugate gradients on the energy of a prolongator ``p``, in place."""
    pieces = even_pieces(0, matrix.n_rows, PIECES, PIECES)
    left, work, direction, before = np.empty_like(p), np.empty_like(p), np.zeros(p.shape), 0.0
    modes = plan.modes, np.ascontiguousarray(plan.modes.transpose(0, 2, 1))

    def times(field: Floats, image: Floats) -> None:
        team.run(
            galerkin.times_prolongator_pass, pieces, matrix.pointer, matrix.columns, matrix.data, *plan.up,
            field, image,
        )  # fmt: skip

    times(p, left)
    np.negative(left, out=left)
    for _ in range(ENERGY_STEPS):
        team.run(galerkin.constrained_pass, pieces, *plan.up, inverse, *modes, plan.constraint, left, work)
        now = float(np.vdot(left, work))
        if not now > 0.0:
            return
        _add(team, direction, work, 1.0, now / before if before else 0.0)
        times(direction, work)
        length = now / float(np.vdot(direction, work))
        _add(team, p, direction, length)
        _add(team, left, work, -length)
        before = now


def _add(team: Team, out: Floats, field: Floats, share: float, keep: float = 1.0) -> None:
    """Set out = keep out + share field without a copy, as fields of a fine level are large."""
    to, of = out.ravel(), field.ravel()
    team.halves(len(to), lambda part: combine(to[part], of[part], of[part], keep, share, 0.0))


def transposed(up: BlockRows, n_groups: int) -> BlockRows:
    """The transpose of a prolongator with ``n_groups`` columns."""
    pointer, rows, where = kernels.transposed(up.pointer, up.columns, n_groups)
    return BlockRows(pointer, rows, np.ascontiguousarray(up.data[where].transpose(0, 2, 1)))


def _product(
    left: BlockRows, right: BlockRows, pattern: tuple[Ints, Ints], n_columns: int, team: Team
) -> BlockRows:
    pointer, columns = pattern
    data = np.zeros((len(columns), left.data.shape[1], 6))
    pieces = even_pieces(0, left.n_rows, PIECES, PIECES)
    team.run(
        galerkin.product_pass, pieces, left.pointer, left.columns, left.data, right.pointer, right.columns,
        right.data, pointer, columns, data, n_columns,
    )  # fmt: skip
    return BlockRows(pointer, columns, data)
