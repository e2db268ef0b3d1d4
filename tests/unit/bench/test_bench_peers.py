"""The list of peers, what is missing, and a race against a peer that copies."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from femurfe.bench.cube import cube
from femurfe.bench.limits import Limits, measure, share_reached
from femurfe.bench.peers import Race, difference, race, read_peers
from femurfe.bench.record import document, machine, write
from femurfe.errors import FemurfeError, UnknownName, UnreadableFile
from femurfe.figures.bench import cost_figure

ROOT = Path(__file__).resolve().parents[3]
LIST = """
[environments]
own = "{python}"

[copy]
title = "a copy"
script = "copy.py"
environment = "own"
modules = ["json"]
install = "nothing"
"""
COPY = """
import json, sys
import numpy as np
mesh, out = sys.argv[2], sys.argv[4]
forces = np.load(mesh)["F2"]
np.save(out + ".npy", 0.0 * forces)
seconds = {"assembly": 1.0, "setup": 1.0, "solve": 2.0, "total": 4.0}
json.dump({"n_dofs": forces[0].size, "seconds": seconds, "peak_mb": 50.0}, open(out + ".json", "w"))
"""


def peers_in(folder, text=LIST, script=COPY, **pythons):
    (folder / "peers.toml").write_text(text.replace("{python}", sys.executable))
    (folder / "copy.py").write_text(script)
    return read_peers(folder, pythons)


def test_the_list_of_the_repository_is_read_and_its_scripts_are_there():
    peers = read_peers(ROOT / "benchmarks" / "peers")
    assert {"dolfinx-gamg", "dolfinx-mumps", "parosol"} <= set(peers)
    assert all(peer.script.is_file() for peer in peers.values())
    assert all(peer.install for peer in peers.values())


def test_scripts_of_peers_do_not_use_femurfe():
    for script in (ROOT / "benchmarks" / "peers").glob("*.py"):
        words = script.read_text(encoding="utf-8")
        assert "import femurfe" not in words
        assert "from femurfe" not in words


def test_what_is_missing_is_named(tmp_path):
    text = LIST.replace('["json"]', '["json", "no_such_module"]\nprograms = ["no-such-program"]')
    assert peers_in(tmp_path, text)["copy"].missing() == ["no-such-program", "no_such_module"]
    assert peers_in(tmp_path)["copy"].missing() == []
    assert peers_in(tmp_path, own="/no/python")["copy"].missing() == ["/no/python"]


def test_a_list_that_is_none_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_peers(tmp_path)
    with pytest.raises(UnreadableFile, match="no list of peers"):
        peers_in(tmp_path, "[copy]\ntitle = 1\n")
    with pytest.raises(UnreadableFile, match="no list of peers"):
        peers_in(tmp_path, LIST + "colour = 'red'\n")


def test_an_unknown_environment_is_refused(tmp_path):
    with pytest.raises(UnknownName, match="environment"):
        peers_in(tmp_path, other="/usr/bin/python3")


def problem(folder):
    small = cube(2, 1, 2)
    path = folder / "cube.npz"
    np.savez(
        path,
        points=small.mesh.points,
        tets=small.mesh.cells,
        E=small.young,
        nu=small.poisson,
        fixed=small.fixed,
        F2=np.moveaxis(small.forces, 2, 0),
    )
    return path


def test_a_race_compares_answers_times_and_memory(tmp_path):
    peers = list(peers_in(tmp_path).values())
    found = race(problem(tmp_path), peers, Race(threads=1, repeats=1, timeout=300.0))
    own, other = found["runs"]
    assert own["name"] == "femurfe"
    assert other["ratio"] == pytest.approx(4.0 / own["seconds"]["total"])
    assert other["memory_ratio"] == pytest.approx(50.0 / own["peak_mb"])
    assert other["difference"] == pytest.approx(1.0)
    assert own["residual"][0] <= 1e-8
    assert cost_figure([found]).axes[0].get_xlabel() == "degrees of freedom"


def test_a_peer_that_fails_is_listed_with_its_words(tmp_path):
    peers = list(peers_in(tmp_path, script="raise SystemExit('no licence')").values())
    found = race(problem(tmp_path), peers, Race(threads=1, repeats=2, timeout=300.0))
    assert "no licence" in found["runs"][1]["failed"]
    assert "seconds" not in found["runs"][1]


def test_the_difference_is_relative_to_the_largest_entry():
    own = np.array([[[1.0, -4.0, 0.0]]])
    assert difference(own + 0.2, own) == pytest.approx(0.05)
    with pytest.raises(FemurfeError, match="shapes"):
        difference(own[:, :, :2], own)


def test_a_results_file_tells_the_machine_but_not_its_name(tmp_path):
    path = tmp_path / "new" / "results.json"
    write(path, document("peers", {"threads": 2}, [{"file": "a.npz"}]))
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["settings"] == {"threads": 2}
    assert read["results"] == [{"file": "a.npz"}]
    assert set(machine()) == {"processor", "cores", "memory_gb", "load_before", "system"}


def test_limits_are_positive():
    found = measure(1, long=1 << 12, rounds=2)
    assert min(found.triad, found.read, found.single, found.double) > 0.0


@pytest.mark.parametrize(
    ("moved", "operations", "single", "limit", "share"),
    [
        (20e9, 1e9, True, "memory", 0.5),
        (1e9, 60e9, True, "arithmetic", 0.3),
        (1e9, 60e9, False, "arithmetic", 0.6),
    ],
)
def test_the_share_is_that_of_what_would_take_longer(moved, operations, single, limit, share):
    limits = Limits(threads=2, triad=30.0, read=20.0, single=100.0, double=50.0)
    found = share_reached(limits, 2.0, moved=moved, operations=operations, single=single)
    assert (found.limit, found.share) == (limit, pytest.approx(share))
