"""A small Newton solver on assembled matrices: elastic cells and interfaces, given displacements."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import splu

from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.facing import facing
from femurfe.fem.interface import elements
from femurfe.mesh.split import split


@dataclass
class Parted:
    """A split mesh with its elastic stiffness and its interfaces."""

    mesh: object
    stiffness: object
    interfaces: list
    pairs: tuple

    def start(self):
        return [part.start() for part in self.interfaces]


def parted(mesh, field, cuts, laws, gaps=None, reference=None):
    """A mesh split by cuts, one law for each."""
    out = split(mesh, cuts)
    gaps = [0.0] * len(cuts) if gaps is None else gaps
    interfaces = [
        elements(facing(out.mesh, pairs, reference), law, gap)
        for pairs, law, gap in zip(out.pairs, laws, gaps, strict=True)
    ]
    k = assemble_stiffness(out.mesh, field.young, field.poisson, field.moduli).to_scipy().tocsr()
    return Parted(out.mesh, k, interfaces, out.pairs)


def factors(matrix):
    """LU factors of a matrix whose pattern is symmetric."""
    return splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01)


@dataclass
class Step:
    """A converged step: displacements, responses of the interfaces, forces that hold, and norms."""

    field: np.ndarray
    responses: list
    holding: np.ndarray
    norms: list

    @property
    def history(self):
        return [response.history for response in self.responses]

    @property
    def dissipated(self):
        return sum(response.dissipated for response in self.responses)


def newton(model, held, values, history, start=None, forces=None, most=30, tolerance=1e-10):
    """One step: displacements where ``held`` (n, 3) is false are found from the last history."""
    free = np.flatnonzero(~held.ravel())
    u = np.zeros(held.shape) if start is None else start.copy()
    u[held] = values[held]
    outer = np.zeros(u.size) if forces is None else forces.ravel()
    norms, sizes = [], abs(model.stiffness)
    for _ in range(most):
        responses = [part.respond(u, h) for part, h in zip(model.interfaces, history, strict=True)]
        internal = model.stiffness @ u.ravel() + sum(r.forces.ravel() for r in responses)
        residual = (outer - internal)[free]
        scale = max(np.abs(internal).max(), np.abs(outer).max(), 1e-5 * (sizes @ np.abs(u.ravel())).max())
        norms.append(np.abs(residual).max() / scale)
        if norms[-1] < tolerance:
            return Step(u, responses, internal.reshape(u.shape), norms)
        tangent = model.stiffness + sum(r.tangent().to_scipy().tocsr() for r in responses)
        u.ravel()[free] += factors(tangent[free][:, free]).solve(residual)
    message = f"no convergence: {norms}"
    raise AssertionError(message)


def opened(model, held, way, rows, openings, most=30, tolerance=1e-10):
    """Steps at which the weighted mean ``rows`` (n, 3) of displacements takes given values.

    The displacements where ``held`` is true are a factor, which is found as well, times ``way``:
    a path that goes back in it is followed as long as what is controlled goes on.
    """
    free, u, factor = np.flatnonzero(~held.ravel()), np.zeros(held.shape), 0.0
    history, out = model.start(), []
    drive, row = np.where(held, way, 0.0).ravel(), rows.ravel()
    for opening in openings:
        for _ in range(most):
            responses = [part.respond(u, h) for part, h in zip(model.interfaces, history, strict=True)]
            internal = model.stiffness @ u.ravel() + sum(r.forces.ravel() for r in responses)
            left, off = -internal[free], opening - row @ u.ravel()
            scale = max(np.abs(internal).max(), 1e-5 * (abs(model.stiffness) @ np.abs(u.ravel())).max())
            if np.abs(left).max() < tolerance * scale and abs(off) < tolerance * abs(opening):
                break
            tangent = model.stiffness + sum(r.tangent().to_scipy().tocsr() for r in responses)
            solve = factors(tangent[free][:, free]).solve
            one, other = solve(left), solve(-(tangent @ drive)[free])
            change = (off - row[free] @ one) / (row[free] @ other + row @ drive)
            u.ravel()[free] += one + change * other
            factor += change
            u[held] = factor * way[held]
        else:
            message = f"no convergence at an opening of {opening}"
            raise AssertionError(message)
        history = [r.history for r in responses]
        out.append((factor, Step(u.copy(), responses, internal.reshape(u.shape), [])))
    return out
