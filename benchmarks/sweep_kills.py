"""A sweep that is killed again and again, against one that is left alone.

300 coarse cases of a vertebra (three meshes, two arms) are swept once unbroken. Then the same
sweep is run while SIGKILL hits its master, one of its workers or both at random times; whenever
the master is gone the same command is given again. At the end every result must be there once,
with the same bytes. Linux only.

    python benchmarks/sweep_kills.py --kills 40
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from femurfe.bench import record

OUT = Path(__file__).parent / "results" / "sweep_kills.json"
STUDY = """
name = "kills"
[anatomy]
kind = "vertebra"
level = "L1"
[mesh]
kind = "voxel"
size_mm = 6.0
[items.lesion]
kind = "defect"
shape = "sphere"
at = "body_centre"
radius_mm = 9.0
[items.cement]
kind = "cement"
fills = "lesion"
[arms]
lytic = ["lesion"]
cement = ["lesion", "cement"]
[loads.compression]
case = "compression"
force_N = 1000.0
[sweep]
method = "grid"
[sweep.parameters]
"items.lesion.radius_mm".values = [7.0, 8.0, 9.0]
"materials.density_factor".values = DENSITIES
"loads.compression.force_N".values = [400.0, 600.0, 800.0, 1000.0, 1200.0]
"""


def main() -> None:
    """Sweep with and without kills, and keep and print what came of it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=40)
    options.add_argument("--cases", type=int, default=300, help="a multiple of 15")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--longest", type=float, default=20.0, help="s between two kills, at most")
    options.add_argument("--out", type=Path, default=OUT)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "kills.toml"
        densities = [round(0.8 + 0.4 * i / (asked.cases // 15), 6) for i in range(asked.cases // 15)]
        study.write_text(STUDY.replace("DENSITIES", str(densities)), encoding="utf-8")
        start = time.monotonic()
        code = command(study, Path(folder) / "whole").wait()
        whole = time.monotonic() - start
        start = time.monotonic()
        kills, starts = killed(study, Path(folder) / "killed", asked)
        broken = time.monotonic() - start
        found = {
            "exit_unbroken": code, "seconds_unbroken": whole, "seconds_killed": broken, "kills": dict(kills),
            "command_given": starts, **compared(Path(folder)),
        }  # fmt: skip
    settings = {"cases": asked.cases, "kills": asked.kills, "seed": asked.seed, "longest_s": asked.longest}
    record.write(asked.out, record.document("sweep kills", settings, [found]))
    print(json.dumps(found, indent=1))


def command(study: Path, out: Path) -> subprocess.Popen[bytes]:
    """The sweep as a user would run it."""
    words = ["sweep", str(study), "--out", str(out), "--jobs", "2", "--retries", "20", "--quiet"]
    return subprocess.Popen([sys.executable, "-m", "femurfe", *words], stdout=subprocess.DEVNULL)


def killed(study: Path, out: Path, asked: argparse.Namespace) -> tuple[Counter[str], int]:
    """Run to the end through kills; how many of what, and how often the command was given."""
    rng, kills, starts = random.Random(asked.seed), Counter[str](), 1
    master = command(study, out)
    while True:
        try:
            more = kills.total() < asked.kills
            if master.wait(rng.uniform(0.5, asked.longest) if more else 900.0) == 0:
                return kills, starts
        except subprocess.TimeoutExpired:
            if not more:
                raise
            what = rng.choice(["master", "worker", "both"])
            at_work = workers(master.pid)
            if what != "master" and not at_work:
                continue  # it is still starting
            targets = [rng.choice(at_work)] if what != "master" else []
            targets += [master.pid] if what != "worker" else []
            kills[what] += 1
            for pid in targets:
                os.kill(pid, signal.SIGKILL)
            if what == "worker":
                continue
            master.wait()
        master, starts = command(study, out), starts + 1


def workers(pid: int) -> list[int]:
    """Processes that a process has started and that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def compared(folder: Path) -> dict[str, Any]:
    """The two stores byte by byte."""
    one, other = (
        {p.name: p.read_bytes() for p in (folder / name / "cases").rglob("*.json")}
        for name in ("whole", "killed")
    )
    done = Counter[str]()
    for line in (folder / "killed" / "journal" / "1-of-1.jsonl").read_bytes().splitlines():
        try:
            content = json.loads(line)["content"]
        except ValueError:
            continue  # torn by a kill
        if content["event"] == "done":
            done[content["key"]] += 1
    tables = [(folder / name / "table.csv").read_bytes() for name in ("whole", "killed")]
    return {
        "results": len(other), "lost": len(one.keys() - other.keys()),
        "extra": len(other.keys() - one.keys()),
        "done_more_than_once": sum(n > 1 for n in done.values()),
        "results_that_differ": sum(one[key] != other.get(key) for key in one),
        "tables_equal": tables[0] == tables[1],
        "drafts_left": len(list((folder / "killed").rglob("*.tmp"))),
    }  # fmt: skip


if __name__ == "__main__":
    main()
