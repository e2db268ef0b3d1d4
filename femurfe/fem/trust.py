"""When a residual that is updated has to be recomputed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats

FIRST, LEAST, MOST = {4: 0.1, 8: 1e-4}, {4: 1e-3, 8: 1e-6}, 0.1
OF_ERROR = 10.0


class Trust:
    """How far the residuals of some loads can be believed while they are updated from step to step.

    Each step adds a rounding error in proportion to the size that the residual has then. How much has
    added up is seen where the residual is recomputed. Until it has fallen near to where the same share of
    its largest size would be seen in it, it is believed (van der Vorst & Ye, SIAM J. Sci. Comput. 22, 2000).

    Parameters
    ----------
    size : (k,) of the residuals, as they were computed. precision : bytes of their numbers, 4 or 8.

    Attributes
    ----------
    size : (k,) of the residuals as they are known now.
    """

    def __init__(self, size: Floats, precision: int) -> None:
        self.size = self._largest = size
        self._share, self._least = FIRST[precision], LEAST[precision]

    def see(self, size: Floats) -> None:
        """Take note of the size after a step."""
        self.size = size
        self._largest = np.maximum(self._largest, size)

    def is_lost(self, going: npt.NDArray[np.bool_]) -> bool:
        """Whether a residual that is still to fall (k,) has fallen too far to be believed."""
        return bool((going & (self.size < self._share * self._largest)).any())

    def renew(self, size: Floats, off: Floats) -> None:
        """Take note of the size as it was recomputed, and of how far the one before was off."""
        seen = self._largest > 0.0
        error = float(np.max(off[seen] / self._largest[seen], initial=0.0))
        self._share = min(max(OF_ERROR * error, self._least), MOST)
        self.size = self._largest = size
