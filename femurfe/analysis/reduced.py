"""A reduced basis in place of the solver, with a bound of its error; never a solve.

A few full solves span a space, and the model is projected onto it. The residual of what comes out
bounds its error in energy: with one load the work that is found is at most the true one, and
misses it by no more than the bound. After G. Rozza, D. B. P. Huynh and A. T. Patera, "Reduced
basis approximation and a posteriori error estimation", Arch. Comput. Methods Eng. 15:229 (2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from femurfe.analysis.affine import AffineModel
from femurfe.analysis.surrogate import SurrogateRefused
from femurfe.arrays import Floats
from femurfe.errors import InvalidData
from femurfe.fem.linear import SolverOptions
from femurfe.model import Model

LABEL = "reduced basis with an error bound, not a solve"
LARGEST_BOUND = 0.02
TRAINING = 256
EXACT = SolverOptions(tolerance=1e-10)
SLACK = 100.0 * EXACT.tolerance
DEPENDENT = 1e-12


@dataclass(frozen=True, eq=False, slots=True)
class Reduced:
    """What a reduced basis says, labelled as such.

    Attributes
    ----------
    work : (m,) load times motion, N mm, at most the true one.
    bound : (m,) the true one is at most ``work + bound``, to the tolerance of the solver.
    stiffness : (m,) load over motion, N/mm or N mm/rad, at least the true one.
    least_stiffness : (m,) the true one is at least this.
    label : what they are.
    """

    work: Floats
    bound: Floats
    stiffness: Floats
    least_stiffness: Floats
    label: str = LABEL


class ReducedBasis:
    """A projection of an affine model onto some of its solutions.

    Parameters
    ----------
    affine : the model; low, high : (n_groups,) factors between which it is meant to be asked.

    Attributes
    ----------
    factors : (n_basis, n_groups) where it was solved.
    """

    def __init__(self, affine: AffineModel, low: Floats, high: Floats) -> None:
        self.affine, self.low, self.high = affine, low, high
        self.factors = np.empty((0, len(affine.names)))
        self._middle = np.sqrt(low * high)
        none = np.empty((*affine.right.shape[:2], 0))
        self._basis, self._frame = none, none
        self._images = [none for _ in range(affine.n_terms)]
        self._coordinates: list[Floats] = []
        self._represent(affine.right)

    def add(self, factors: Floats) -> None:
        """Solve the model at factors (n_groups,) of the groups and take the answer into the basis."""
        found = self.affine.solve(factors, self.affine.right, EXACT)
        for _ in range(2):
            found = found - self._basis @ np.einsum("nik,nil->kl", self._basis, found)
        found /= np.linalg.norm(found)
        self._basis = np.concatenate([self._basis, found], axis=2)
        images = self.affine.products(found)
        self._images = [np.concatenate(pair, axis=2) for pair in zip(self._images, images, strict=True)]
        self._represent(np.concatenate(images, axis=2))
        self.factors = np.vstack([self.factors, factors])

    def _represent(self, right: Floats) -> None:
        """Coordinates of forces (n_unknowns, 3, k) in a frame that is orthonormal in energy.

        The energy is that of the middle of all factors; what a force does not share with the frame
        so far, solved for, becomes a part of it.
        """
        left = self.affine.solve(self._middle, right, EXACT)
        for k in range(right.shape[2]):
            force, rest = right[:, :, k : k + 1], left[:, :, k : k + 1]
            for _ in range(2):
                rest = rest - self._frame @ np.einsum("nik,nil->kl", self._frame, self._middle_force(rest))
            size = float(np.sqrt(max((rest * self._middle_force(rest)).sum(), 0.0)))
            if size > DEPENDENT * float(np.sqrt(max((left[:, :, k] * right[:, :, k]).sum(), 0.0))):
                self._frame = np.concatenate([self._frame, rest / size], axis=2)
            self._coordinates.append(np.einsum("nik,nil->k", self._frame, force))

    def _middle_force(self, unknowns: Floats) -> Floats:
        factors = self.affine.factors(self._middle)
        images = self.affine.products(unknowns)
        return np.asarray(sum(f * image for f, image in zip(factors, images, strict=True)))

    def predict(self, factors: Floats, *, largest: float = LARGEST_BOUND, force: bool = False) -> Reduced:
        """Work and stiffness at factors (m, n_groups) of the groups, with their bounds.

        Parameters
        ----------
        largest : bound, as a share of the work, beyond which nothing is said.
        force : say it all the same.

        Raises
        ------
        SurrogateRefused
            If the bound is larger, or factors lie outside those it is meant for.
        """
        asked = np.atleast_2d(np.asarray(factors, dtype=float))
        outside = ((asked < self.low * (1.0 - 1e-9)) | (asked > self.high * (1.0 + 1e-9))).any(axis=1)
        if outside.any() and not force:
            message = (
                f"factors {asked[outside][0].tolist()} lie outside {self.low.tolist()} to "
                f"{self.high.tolist()}, between which the basis is meant to be asked"
            )
            raise SurrogateRefused(message)
        work, bound = np.array([self._one(row) for row in asked]).T
        worst = float((bound / work).max())
        if worst > largest and not force:
            message = f"the bound is {worst:.2g} of the work, at most {largest:g} is allowed; solve instead"
            raise SurrogateRefused(message)
        size = self.affine.size**2
        return Reduced(work, bound, size / work, size / (work + bound))

    def _one(self, values: Floats) -> tuple[float, float]:
        """Work and bound at factors (n_groups,)."""
        factors = self.affine.factors(values)
        right = np.einsum("nik,nil->k", self._basis, self.affine.right)
        parts = [np.einsum("nik,nil->kl", self._basis, image) for image in self._images]
        shares = np.linalg.solve(sum(f * part for f, part in zip(factors, parts, strict=True)), right)
        weights = np.concatenate([[1.0], -np.outer(shares, factors).ravel()])
        residual, sizes = np.zeros(self._frame.shape[2]), np.zeros(len(weights))
        for j, (weight, own) in enumerate(zip(weights, self._coordinates, strict=True)):
            residual[: len(own)] += weight * own
            sizes[j] = abs(weight) * float(np.linalg.norm(own))
        least = float((factors / self.affine.factors(self._middle))[self.affine.present].min())
        size = float(np.linalg.norm(residual)) + SLACK * float(sizes.sum())
        return float(right @ shares), size**2 / least


def reduced_basis(
    model: Model, groups: Mapping[str, Sequence[str]], low: Sequence[float], high: Sequence[float], *,
    largest: float = 0.5 * LARGEST_BOUND, most: int = 20, seed: int = 0,
) -> ReducedBasis:  # fmt: skip
    """A basis whose bound is small wherever it is meant to be asked.

    The model is solved where the bound is largest among ``TRAINING`` random factors and all corners,
    until none is above ``largest`` or it was solved ``most`` times.

    Parameters
    ----------
    model : under one force or moment; factors of 1 give it.
    groups : names of regions by the name of the group whose moduli vary together.
    low, high : factors of each group, in their order.
    largest : bound aimed at, as a share of the work.

    Raises
    ------
    InvalidData
        If load case, groups or factors are not such as can be reduced.
    """
    affine = AffineModel(model, groups)
    pairs, n = list(zip(low, high, strict=False)), len(affine.names)
    if not len(low) == len(high) == n or not all(0.0 < a <= b < np.inf for a, b in pairs):
        message = f"low and high take {n} positive factors each, low at most high, got {low} and {high}"
        raise InvalidData(message, code="E-REDUCED-FACTORS")
    bounds = np.array([low, high], dtype=float)
    basis = ReducedBasis(affine, *bounds)
    basis.add(np.sqrt(bounds[0] * bounds[1]))
    training = _training(bounds, seed)
    while len(basis.factors) < most:
        found = basis.predict(training, force=True)
        shares = found.bound / found.work
        if shares.max() <= largest:
            break
        basis.add(training[int(shares.argmax())])
    return basis


def _training(bounds: Floats, seed: int) -> Floats:
    """Factors (n, n_groups) over the box, even in their logarithms."""
    from scipy.stats import qmc

    n = bounds.shape[1]
    points = qmc.Sobol(n, rng=np.random.default_rng(seed)).random(TRAINING)
    corners = np.stack(np.meshgrid(*[[0.0, 1.0]] * n, indexing="ij"), axis=-1).reshape(-1, n)[:TRAINING]
    shares = np.vstack([points, corners])
    return np.asarray(bounds[0] * (bounds[1] / bounds[0]) ** shares)
