"""The closed formula of pull-out beside the results of a study's block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from femurfe.anatomy.base import Bone
from femurfe.constructs import Screw
from femurfe.constructs.thread import pull_out_force
from femurfe.interfaces import Interface
from femurfe.loads.base import Force, LoadCase
from femurfe.materials.interface import InterfaceProperties
from femurfe.materials.library import interface_properties
from femurfe.pullout import SCREW_BONE, shear_strength
from femurfe.study.arms import Arm

NAME = "screw_bone"
PLACES, ALONG = 2000, 0.95


def pull_out_formula(bone: Bone, arm: Arm, case: LoadCase, interfaces: Sequence[Interface]) -> float:
    """The force at which the threads of an arm's screws shear the bone alone, N; NaN without such a thread.

    That of ASTM F543: of the threads of screws along the load, within the bone, as if there were no cement.
    """
    screws = [item for item in arm.items if isinstance(item, Screw) and _is_pulled(item, case)]
    if not screws:
        return float("nan")
    strength, pitch = shear_strength(arm.materials), _pitch(interfaces)
    return sum(
        pull_out_force(strength, s.diameter, _engaged(bone, s), 0.5 * (s.diameter - s.core), pitch)
        for s in screws
    )


def _is_pulled(screw: Screw, case: LoadCase) -> bool:
    """Whether a screw has a thread, and a force of the case goes along it."""
    axis = (screw.start - screw.end) / screw.length
    pulls = [load.vector for load in case.loads if isinstance(load, Force)]
    along = any(abs(axis @ pull) > ALONG * np.linalg.norm(pull) for pull in pulls)
    return screw.diameter > screw.core and along


def _engaged(bone: Bone, screw: Screw) -> float:
    """Length of the thread that is within the bone, mm."""
    back = (screw.start - screw.end) / screw.length
    along = screw.thread * (np.arange(PLACES) + 0.5) / PLACES
    return screw.thread * float(bone.solid.contains(screw.end + along[:, None] * back).mean())


def _pitch(interfaces: Sequence[Interface]) -> float:
    """The pitch that a study gives its interface of screw and bone, or that of the library."""
    found = next((i.properties for i in interfaces if i.name == NAME), None)
    properties = found if isinstance(found, InterfaceProperties) else interface_properties(SCREW_BONE)
    return properties.value("thread_pitch")
