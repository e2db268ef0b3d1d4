"""What workers are given in tests: a case of a millisecond, or one that misbehaves."""

import os
import signal
import sys
import time
from pathlib import Path

from femurfe.errors import InvalidPart


def work(content):
    """One row of the case's number, unless the case asks for something else."""
    case = content["tables"]
    do = case.get("do", "work")
    if do != "work":
        MISCHIEF[do](case)
    time.sleep(case.get("seconds", 0.0))
    x = float(case["x"])
    row = {
        "arm": "one",
        "load_case": "push",
        "risk": 1.0 / (1.0 + x),
        "energy_Nmm": x / 3.0,
        "residual": None,
    }
    return {"rows": [row], "warnings": [["W-TOY", f"case {case['x']}"]]}


def row_of_factor(content):
    """One row made of the density factor of a study."""
    factor = content["tables"]["materials"]["density_factor"]
    return {"rows": [{"arm": "lytic", "load_case": "compression", "risk": 1.0 / factor}], "warnings": []}


def _once(case):
    """Crash the first time only; a file remembers."""
    mark = Path(case["mark"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def _eat(case):
    kept = []
    while True:
        kept.append(b"x" * 10_000_000)
        time.sleep(0.002)


def _gulp(case):
    return bytearray(64 * 2**30)


def _print(case):
    sys.stdout.write("a library prints on standard output\n")
    os.write(1, b'{"result": {"rows": []}}\n')
    sys.stderr.write("x" * 100_000)


def _spawn(case):
    import subprocess

    child = subprocess.Popen(["sleep", "1000"])
    Path(case["mark"]).write_text(str(child.pid))
    os.kill(os.getpid(), signal.SIGKILL)


def _refuse(case):
    raise InvalidPart("the screw does not fit", code="E-TOY")


def _crash(case):
    os.kill(os.getpid(), signal.SIGSEGV)


def _exit(case):
    os._exit(7)


def _gate(case):
    while not Path(case["mark"]).exists():
        time.sleep(0.02)


def _hang(case):
    time.sleep(1000.0)


def _stop(case):
    os.kill(os.getpid(), signal.SIGSTOP)


def _raise(case):
    return 1 / 0


MISCHIEF = {
    "crash": _crash, "once": _once, "exit": _exit, "hang": _hang, "stop": _stop, "gate": _gate, "eat": _eat,
    "gulp": _gulp, "raise": _raise, "refuse": _refuse, "print": _print, "spawn": _spawn,
}  # fmt: skip
