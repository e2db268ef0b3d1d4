"""Consistent moduli of laws whose return scales the deviator and shifts the mean."""

from __future__ import annotations

from femurfe.kernels.compiled import kernel


@kernel
def moduli(stress, mu, keep, cross, mixed, volume, tangent):  # type: ignore[no-untyped-def]
    """The tangent (6, 6), stress by strain with engineering shear.

    Parameters
    ----------
    stress (6,) : trial deviator s. keep : share of it that is left; volume : bulk modulus.
    cross, mixed : factors of s s', and of s 1' and 1 s'.
    """
    for i in range(6):
        for j in range(6):
            value = cross * stress[i] * stress[j]
            if j < 3:
                value += mixed[0] * stress[i]
            if i < 3:
                value += mixed[1] * stress[j]
            if i < 3 and j < 3:
                value += volume - 2.0 * mu * keep / 3.0
            if i == j:
                value += (2.0 if i < 3 else 1.0) * mu * keep
            tangent[i, j] = value.real
