"""Results of a benchmark as a file: what was measured, on what, with what."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from femurfe.mesh.io.atomic import write_whole

_PACKAGES = ("femurfe", "numpy", "scipy", "numba")


def document(kind: str, settings: dict[str, Any], results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a results file holds: time, machine, versions, settings, results."""
    return {
        "kind": kind,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {"python": platform.python_version(), **_versions()},
        "settings": settings,
        "results": list(results),
    }


def write(path: Path, contents: dict[str, Any]) -> None:
    """Write a results file; its folder is made if need be.

    Raises
    ------
    FemurfeError
        If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(contents, indent=1, allow_nan=True) + "\n"
    write_whole(path, lambda draft: _write(draft, text))


def _write(draft: Path, text: str) -> None:
    draft.write_text(text, encoding="utf-8")


def machine() -> dict[str, Any]:
    """Processor, cores, memory in GB and how busy it was; nothing that names the machine."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "processor": _processor(), "cores": os.cpu_count(), "memory_gb": round(pages / 1e9, 1),
        "load_before": round(busy, 2), "system": platform.system(),
    }  # fmt: skip


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _versions() -> dict[str, str]:
    out = {}
    for name in _PACKAGES:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "sources"
    return out
