"""Starts from answers that are known already: their combination that is nearest in energy."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats

DEPENDENT = 1e-10


def nearest(answers: Floats, images: Floats, right: Floats) -> Floats:
    """The combination (n, 3, k) of answers that is nearest in energy to what solves for right-hand sides.

    Zero where its residual is no smaller than the right-hand side.

    Parameters
    ----------
    answers, images : (n, 3, m) displacements, which may depend on each other, and their forces.
    right : (n, 3, k).
    """
    flat, of_flat, wanted = (field.reshape(-1, field.shape[2]) for field in (answers, images, right))
    parts = _shares(flat.T @ of_flat, flat.T @ wanted)
    left = wanted - of_flat @ parts
    helps = np.einsum("nk,nk->k", left, left) < np.einsum("nk,nk->k", wanted, wanted)
    return np.asarray(flat @ (parts * helps)).reshape(right.shape)


def _shares(energy: Floats, work: Floats) -> Floats:
    """Coefficients (m, k) of the Galerkin projection on m answers.

    Parameters
    ----------
    energy : (m, m) inner products of answers with their forces; these may depend on each other, or be zero.
    work : (m, k) inner products of answers with right-hand sides.
    """
    size = np.sqrt(np.maximum(np.diag(energy), 0.0))
    scale = np.where(size > 0.0, 1.0 / np.where(size > 0.0, size, 1.0), 0.0)
    values, vectors = np.linalg.eigh(0.5 * (energy + energy.T) * scale[:, None] * scale)
    kept = values > DEPENDENT * len(energy)
    turned = vectors[:, kept].T @ (scale[:, None] * work)
    return np.asarray(scale[:, None] * (vectors[:, kept] @ (turned / values[kept][:, None])))
