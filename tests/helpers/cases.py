"""One load case for every kind of support, on a block from the origin with its six sides named."""

import numpy as np

from femurfe.loads.base import (
    MOTIONS,
    Elastic,
    Fixed,
    Force,
    LoadCase,
    Moment,
    Platen,
    PlatenLoad,
    Pressure,
    Roller,
)

STANDSTILL = dict.fromkeys(MOTIONS, 0.0)
SPRINGS = {"y": 2e3, "z": 3e3, "rx_deg": 2e6, "ry_deg": 1e6, "rz_deg": 3e6}
PUSH = Force("z1", (30.0, -20.0, -100.0))
TILTED = np.linalg.qr(np.array([[1.0, 0.4, 0.2], [-0.3, 1.0, 0.5], [0.1, -0.6, 1.0]]))[0].T
LOADED = PlatenLoad("top", (40.0, 10.0, -90.0), (300.0, -200.0, 500.0))

SUPPORTS = {
    "fixed": (Fixed("z0"),),
    "rollers": (Roller("x0", (1, 0, 0)), Roller("y0", (0, 1, 0)), Roller("z0", (0, 0, 1))),
    "inclined rollers": (
        Roller("x0", (1, 0.2, -0.1)),
        Roller("y0", (0.3, 1, 0.2)),
        Roller("z0", (-0.1, 0.3, 1)),
    ),
    "bed": (Elastic("z0", 5.0),),
    "bed along a normal": (Elastic("z0", 5.0, (0, 0.3, 1)), Roller("x0", (1, 0, 0)), Roller("y0", (0, 1, 0))),
    "platen held": (Platen("foot", "z0", prescribed=STANDSTILL),),
    "platen free": (Fixed("z0"), Platen("top", "z1")),
    "platen free about an offset centre": (Fixed("z0"), Platen("top", "z1", (30.0, -10.0, 70.0), TILTED)),
    "platen moved": (
        Fixed("z0"),
        Platen("top", "z1", prescribed={**STANDSTILL, "z": -0.1, "rx_deg": 0.05}),
    ),
    "platen moved along tilted axes": (
        Fixed("z0"),
        Platen("top", "z1", (10.0, 0.0, 65.0), TILTED, {"x": 0.1, "rz_deg": 0.1, "y": -0.02}),
    ),
    "platen on springs": (
        Platen("foot", "z0", None, TILTED, {"x": 0.0}, SPRINGS),
        Platen("top", "z1", springs={"z": 50.0}),
    ),
    "two platens": (
        Platen("foot", "z0", prescribed={m: 0.0 for m in MOTIONS if m != "rx_deg"}),
        Platen("top", "z1", prescribed={"x": 0.0, "y": 0.0}),
    ),
}


def load_case(kind):
    """A load case on the supports of that kind; platens that can move are loaded themselves."""
    supports = SUPPORTS[kind]
    names = [s.name for s in supports if isinstance(s, Platen)]
    if kind.startswith("platen moved"):
        loads = ()
    elif "top" in names:
        loads = (LOADED, Pressure("x1", 0.002))
    else:
        loads = (PUSH, Moment("z1", (0.0, 500.0, 900.0)), Pressure("x1", 0.002))
    return LoadCase(kind, supports, loads)
