"""Folders of results to report on: a small run, and sweeps of no cost."""

import os
from unittest import mock

import numpy as np
import tomli_w

from femurfe import api
from femurfe.study.schema import SweepTable
from femurfe.study.sweep.design import make_design
from femurfe.study.sweep.store import DONE, FAILED, Record, Store

from .studies import changed, written

NASTY = "<script>alert('x')</script> \"quoted\" & 'more' {{ 7 * 7 }}"
LYTIC = "<script>alert(1)</script>"
CEMENT = 'a "b" & c'
PUSH = "<img src=x onerror=alert(2)>"


def small_run(folder, **changes):
    """The results folder of the small vertebra of `helpers.studies`, its names as nasty as they may be."""
    arms = {"intact": [], LYTIC: ["lesion"], CEMENT: ["lesion", "cement"]}
    loads = {PUSH: {"case": "compression", "force_N": 1000.0}, "twist": {"case": "torsion", "moment_Nm": 2.0}}
    study = changed(**{"title": NASTY, "arms": arms, "loads": loads, **changes})
    return api.run(written(folder, study), folder / "results").folder


def made_sweep(folder, n, arms=("lytic", "cement"), failed=(), left=(), loads=("stance",), reason="it broke"):
    """A sweep's folder as a master leaves it, with risks that follow from what varies.

    ``failed`` and ``left`` are numbers of cases.
    """
    parameters = {
        "items.cement.fraction": {"distribution": "uniform", "low": 0.5, "high": 1.0},
        "materials.density_factor": {"distribution": "normal", "mean": 1.0, "sd": 0.1},
    }
    table = {"method": "latin_hypercube", "n": n, "seed": 1, "parameters": parameters}
    design = make_design(SweepTable.model_validate(table))
    keys = [f"{i:040x}" for i in range(n)]
    head = {**design.as_tables(), "keys": keys, "name": "made", "arms": list(arms), "load_cases": list(loads)}
    with mock.patch.object(os, "fsync"):
        store = Store(folder)
        store.write_design(head)
        for i, key in enumerate(keys):
            if i in failed:
                store.write(Record(key, FAILED, reason.replace("{case}", str(i))))
            elif i not in left:
                notes = (("W-TOY", f"case {i}"),)
                store.write(Record(key, DONE, "", tuple(_rows(design.rows[i], arms, loads)), notes))
    (folder / "study.toml").write_text(tomli_w.dumps({"name": "made", "title": NASTY}), encoding="utf-8")
    return folder


def _rows(drawn, arms, loads):
    fraction, density = drawn
    for load in loads:
        for j, arm in enumerate(arms):
            risk = float(np.exp(0.5 - 0.6 * fraction * j - density))
            stiffness = 1e4 * density
            yield {"arm": arm, "load_case": load, "risk": risk, "stiffness_N_per_mm": stiffness}
