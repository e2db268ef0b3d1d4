"""A small study to spoil, and the command line to run it with."""

import copy
import sys

import tomli_w

from femurfe.cli import main

STUDY = {
    "name": "small",
    "anatomy": {"kind": "vertebra", "level": "L1"},
    "mesh": {"size_mm": 9.0, "order": 1},
    "items": {
        "lesion": {
            "kind": "defect", "shape": "sphere", "at": "body_centre", "radius_mm": 9.0, "mesh_size_mm": 5.0,
        },
        "cement": {"kind": "cement", "fills": "lesion", "mesh_size_mm": 5.0},
    },
    "arms": {"intact": [], "lytic": ["lesion"], "cement": ["lesion", "cement"]},
    "loads": {"compression": {"case": "compression", "force_N": 1000.0}},
}  # fmt: skip
SCREW = {"kind": "screw", "start": "left_pedicle_entry", "end": "left_pedicle_target", "diameter_mm": 6.5}
GONE = object()


def changed(**changes):
    """The study with other values; ``mesh__size_mm=3.0`` is ``size_mm`` of the table ``mesh``."""
    out = copy.deepcopy(STUDY)
    for place, value in changes.items():
        *tables, key = place.split("__")
        inner = out
        for name in tables:
            inner = inner.setdefault(name, {})
        if value is GONE:
            inner.pop(key)
        else:
            inner[key] = value
    return out


def with_screw(**values):
    """The study with a screw for all its items."""
    screw = {key: value for key, value in {**SCREW, **values}.items() if value is not GONE}
    return changed(items={"screw": screw}, arms={"screw": ["screw"]})


def with_load(**values):
    """The study with another load case, called ``load``."""
    return changed(loads={"load": values})


def written(folder, content):
    """The path of a study file with that content: tables, or text as it is."""
    path = folder / "study.toml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else tomli_w.dumps(content), encoding="utf-8")
    return path


def command(monkeypatch, capsys, *words):
    """Run the command line in this process; its exit code, output and errors."""
    monkeypatch.setattr(sys, "argv", ["femurfe", *map(str, words)])
    capsys.readouterr()
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    return code, *capsys.readouterr()
