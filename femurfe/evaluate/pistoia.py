"""Pistoia's criterion: bone fails when a share of its volume is strained beyond a limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats


@dataclass(frozen=True, slots=True)
class Pistoia:
    """A calibration of the criterion.

    Attributes
    ----------
    strain : effective strain that counts as failed.
    share : of the volume that must be beyond it.
    calibration : the bone it was fitted to; it does not carry to another site or cell size.
    """

    strain: float
    share: float
    calibration: str

    def risk(self, energy_density: Floats, young: Floats, volumes: Floats) -> float:
        """The share of the failure load reached.

        Parameters
        ----------
        energy_density : (n,) N/mm2; young : (n,) MPa; volumes : (n,) mm3, of the bone's cells.
        """
        effective = np.sqrt(2.0 * np.maximum(energy_density, 0.0) / young)
        order = np.argsort(effective)[::-1]
        filled = np.cumsum(volumes[order])
        at = int(np.searchsorted(filled, self.share * filled[-1]))
        return float(effective[order][min(at, len(order) - 1)] / self.strain)


def calibrations() -> dict[str, Pistoia]:
    """The calibrations in use, by the site they were fitted to."""
    from femurfe.materials import constants

    entry = constants("bone/pistoia_distal_radius")
    return {
        "distal_radius": Pistoia(
            entry.value("failure_strain"),
            entry.value("failed_share"),
            "distal radius, 54 forearms (Pistoia 2002, Bone 30:842); not for other sites",
        )
    }
