"""Load-displacement and moment-angle curves, and the numbers that a test report takes from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from femurfe.arrays import Floats, frozen
from femurfe.errors import FemurfeError

OFFSET = 0.002
FAILED_SHARE = 0.8


@dataclass(frozen=True, eq=False, slots=True)
class LoadCurve:
    """A curve from the unloaded state on.

    Attributes
    ----------
    motion, load : (n,) mm and N, or rad and N mm; both start at zero.
    measure : ``"force"`` or ``"moment"``.
    gauge : length that the offset of the yield load refers to, mm; for moments 1 rad.

    Raises
    ------
    FemurfeError
        If the two differ in number, or are fewer than two.
    """

    motion: Floats
    load: Floats
    measure: Literal["force", "moment"] = "force"
    gauge: float = 1.0

    def __post_init__(self) -> None:
        motion, load = (frozen(np.abs(v), np.float64) for v in (self.motion, self.load))
        if motion.shape != load.shape or len(motion) < 2:
            message = f"a curve needs as many motions as loads, at least 2, got {motion.shape}, {load.shape}"
            raise FemurfeError(message, code="E-VALUE")
        object.__setattr__(self, "motion", motion)
        object.__setattr__(self, "load", load)

    @property
    def stiffness(self) -> float:
        """The slope of the first step, N/mm or N mm/rad."""
        return float(self.load[1] / self.motion[1])

    @property
    def peak(self) -> int:
        """The step of the greatest load."""
        return int(np.argmax(self.load))

    @property
    def ultimate(self) -> float:
        """The greatest load, N or N mm."""
        return float(self.load[self.peak])

    @property
    def has_fallen(self) -> bool:
        """Whether the load fell after its greatest value, so that it is the ultimate one."""
        return bool(self.load[-1] < 0.999 * self.ultimate)

    @property
    def yield_load(self) -> float:
        """The load where the curve meets the elastic line moved by 0.2 % of the gauge; NaN if it does not."""
        below = self.load - self.stiffness * (self.motion - OFFSET * self.gauge)
        crossed = np.flatnonzero((below[1:] <= 0.0) & (below[:-1] > 0.0))
        if not len(crossed):
            return float("nan")
        i = int(crossed[0])
        share = below[i] / (below[i] - below[i + 1])
        return float(self.load[i] + share * (self.load[i + 1] - self.load[i]))

    @property
    def energy_to_ultimate(self) -> float:
        """The work up to the greatest load, N mm."""
        return self._work(self.peak)

    @property
    def energy_to_failure(self) -> float:
        """The work until the load has fallen to 80 % of its peak, N mm; NaN if it has not."""
        limit, after = FAILED_SHARE * self.ultimate, self.load[self.peak :]
        fallen = np.flatnonzero(after <= limit)
        if not len(fallen):
            return float("nan")
        last = self.peak + int(fallen[0]) - 1
        first, second = self.load[last], self.load[last + 1]
        width = (first - limit) / (first - second) * (self.motion[last + 1] - self.motion[last])
        return float(self._work(last) + 0.5 * (first + limit) * width)

    @property
    def residual(self) -> float:
        """The load at the end, N or N mm; NaN while it has not fallen."""
        return float(self.load[-1]) if self.has_fallen else float("nan")

    def _work(self, last: int) -> float:
        return float(np.trapezoid(self.load[: last + 1], self.motion[: last + 1]))
