"""Measured programs in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from femurfe.errors import FemurfeError

Record = dict[str, Any]
TIMEOUT = 3600.0
_LAST_LINES = 3


class RunFailed(FemurfeError):
    """A measured program failed, or took longer than it was given."""

    code = "E-BENCH-RUN"


def run_femurfe(
    mesh: Path,
    out: Path | None = None,
    *,
    threads: int | None = None,
    order: int = 2,
    method: str = "auto",
    timeout: float = TIMEOUT,
) -> Record:
    """The record that ``femurfe bench solve --json`` prints in a fresh process.

    Raises
    ------
    RunFailed
        With the last words of the process.
    """
    command = [sys.executable, "-m", "femurfe", "bench", "solve", "--json", "--mesh", str(mesh)]
    command += ["--order", str(order), "--method", method]
    command += [] if threads is None else ["--threads", str(threads)]
    command += [] if out is None else ["--out", str(out)]
    text = output(command, timeout=timeout)
    try:
        record: Record = json.loads(text)
    except ValueError as error:
        message = f"femurfe bench solve printed no record: {text[-200:]!r}"
        raise RunFailed(message) from error
    return record


def output(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout: float = TIMEOUT
) -> str:
    """What a program prints.

    Parameters
    ----------
    environment : variables that are set beside those of this process.
    timeout : s; then the program and all it started are ended.

    Raises
    ------
    RunFailed
        If it cannot be started, fails, or takes longer.
    """
    variables = {**os.environ, **(environment or {})}
    try:
        process = subprocess.Popen(
            command, env=variables, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        message = f"{command[0]} cannot be started: {error.strerror or error}"
        raise RunFailed(message) from error
    printed, errors = _finished(process, timeout)
    if process.returncode != 0:
        words = " / ".join((errors.strip() or printed.strip()).splitlines()[-_LAST_LINES:])
        message = f"{Path(command[0]).name} ended with {process.returncode}: {words or 'no word'}"
        raise RunFailed(message)
    return printed


def _finished(process: subprocess.Popen[str], timeout: float) -> tuple[str, str]:
    """What a process printed and complained of; none of its own is left behind."""
    try:
        return process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        message = f"it took longer than {timeout:g} s"
        raise RunFailed(message, code="E-BENCH-TIMEOUT") from error
    finally:
        if process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def summary(records: Sequence[Record]) -> Record:
    """One record of several of the same run: medians of seconds, the largest memory.

    ``totals`` has the total of each; everything else is that of the last.
    """
    phases = records[-1]["seconds"]
    seconds = {phase: median(r["seconds"][phase] for r in records) for phase in phases}
    totals = [r["seconds"]["total"] for r in records]
    peak = max(r["peak_mb"] for r in records)
    return {**records[-1], "seconds": seconds, "totals": totals, "peak_mb": peak}
