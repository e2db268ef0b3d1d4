"""Supports and loads, and the library of load cases."""

from femurfe.loads.base import (
    Elastic,
    Fixed,
    Force,
    Load,
    LoadCase,
    Moment,
    Platen,
    PlatenLoad,
    Pressure,
    Roller,
    Support,
)
from femurfe.loads.library import BoneFrame, case_names, case_options, load_case

__all__ = [
    "BoneFrame",
    "Elastic",
    "Fixed",
    "Force",
    "Load",
    "LoadCase",
    "Moment",
    "Platen",
    "PlatenLoad",
    "Pressure",
    "Roller",
    "Support",
    "case_names",
    "case_options",
    "load_case",
]
