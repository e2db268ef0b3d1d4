"""The load that drives a case, and the motion on which it does its work."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from femurfe.arrays import Floats
from femurfe.loads.base import MOTIONS, Force, LoadCase, Moment, PlatenLoad, Pressure

Values = Mapping[str, Mapping[str, Floats]]


def driving(case: LoadCase, force: Floats, field: Floats, platens: Values) -> dict[str, float]:
    """The size of the driving load, N or N mm, as ``load`` and its motion, mm or rad, as ``motion``.

    Parameters
    ----------
    force, field : (n_points, 3) N of the first load, and mm. platens : as `Result.platens`.
    """
    if case.loads:
        return _of_load(case, force, field, platens)
    driven = case.driven_platen
    assert driven is not None
    values = platens[driven.name]
    first = next(i for i, motion in enumerate(MOTIONS) if driven.prescribed.get(motion, 0.0) != 0.0)
    return {"load": float(abs(values["reaction"][first])), "motion": float(abs(values["motion"][first]))}


def _of_load(case: LoadCase, force: Floats, field: Floats, platens: Values) -> dict[str, float]:
    load = case.loads[0]
    work = float((force * field).sum())
    if isinstance(load, PlatenLoad):
        values = platens[load.platen]
        work = float(values["force"] @ values["motion"])
        size = float(np.linalg.norm(load.moment if case.measure == "moment" else load.force))
    elif isinstance(load, Pressure):
        size = float(np.abs(force).sum())
    else:
        assert isinstance(load, Force | Moment)
        size = float(np.linalg.norm(load.vector))
    return {"load": size, "motion": work / size if size > 0.0 else 0.0}
