"""The library of load cases, one TOML file per site."""

from femurfe.loads.library.build import BoneFrame, case_names, case_options, load_case

__all__ = ["BoneFrame", "case_names", "case_options", "load_case"]
