"""Other programs on the same problems: run side by side, answers compared."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.bench.problem import holds_voxels
from femurfe.bench.runs import TIMEOUT, Record, RunFailed, output, run_femurfe, summary
from femurfe.bench.scaling import Tell
from femurfe.errors import FemurfeError, UnknownName, UnreadableFile

OWN = "femurfe"
REGISTRY = "peers.toml"
_AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_KINDS = ("tetrahedra", "voxels")


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program that solves the problems.

    Attributes
    ----------
    name, title : short, and for tables.
    script : what runs it; arguments : what it is given besides.
    python : the interpreter of its environment.
    mpi : runs under mpirun with as many ranks as threads are asked.
    modules, programs : what must be there.
    install : how to get them.
    kind : ``"tetrahedra"`` or ``"voxels"``.
    """

    name: str
    title: str
    script: Path
    python: str
    install: str
    arguments: tuple[str, ...] = ()
    mpi: bool = False
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    kind: str = "tetrahedra"

    def missing(self) -> list[str]:
        """The modules and programs that are not there; its Python itself, if that is not."""
        if shutil.which(self.python) is None:
            return [self.python]
        absent = [program for program in self.programs if shutil.which(program) is None]
        find = "import importlib.util as u, sys; print(*[m for m in sys.argv[1:] if not u.find_spec(m)])"
        return absent + output([self.python, "-c", find, *self.modules], timeout=60.0).split()

    def run(self, mesh: Path, folder: Path, *, threads: int, order: int, timeout: float) -> Record:
        """Its record of a problem; its answer is in `answer` of the folder.

        Raises
        ------
        RunFailed
            With its last words.
        """
        command = [self.python, str(self.script), "--mesh", str(mesh), "--out", str(folder / self.name)]
        command += [*self.arguments, "--order", str(order), "--threads", str(threads)]
        if self.mpi:
            command = ["mpirun", "-n", str(threads), *command]
        own = {name: "1" if self.mpi else str(threads) for name in _THREADS}
        output(command, environment={**own, **_AS_ROOT}, timeout=timeout)
        record: Record = json.loads((folder / f"{self.name}.json").read_text(encoding="utf-8"))
        return record


def read_peers(folder: Path, pythons: Mapping[str, str] | None = None) -> dict[str, Peer]:
    """The peers of a folder by name.

    Parameters
    ----------
    folder : has ``peers.toml`` and the scripts that it names.
    pythons : interpreters by environment, instead of those in the file.

    Raises
    ------
    UnreadableFile
        If the file is missing or is no list of peers.
    UnknownName
        If an environment is given that the file does not know.
    """
    path = folder / REGISTRY
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        known = {**table.pop("environments"), **(pythons or {})}
        peers = {name: _peer(name, folder, known, dict(entry)) for name, entry in table.items()}
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}; call it from a clone of the repository"
        raise UnreadableFile(message) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"{path} is no list of peers: {error}"
        raise UnreadableFile(message) from error
    used = {entry["environment"] for entry in table.values()}
    for name in pythons or {}:
        if name not in used:
            raise UnknownName("environment", name, used)
    return peers


def _peer(name: str, folder: Path, pythons: Mapping[str, str], entry: dict[str, Any]) -> Peer:
    python, script = pythons[entry.pop("environment")], folder / entry.pop("script")
    several = {key: tuple(entry.pop(key, ())) for key in ("arguments", "modules", "programs")}
    given: dict[str, Any] = {**entry, **several}
    peer = Peer(name=name, python=python, script=script, **given)
    if peer.kind not in _KINDS:
        raise UnknownName("kind of problem", peer.kind, _KINDS)
    return peer


@dataclass(frozen=True, slots=True)
class Race:
    """How runs are made.

    Attributes
    ----------
    threads : threads or ranks of each; order : of the cells; repeats : of every run, in turns.
    timeout : s; a peer that takes longer is not tried again on that problem.
    """

    threads: int = 2
    order: int = 2
    repeats: int = 3
    timeout: float = TIMEOUT


def race(mesh: Path, peers: Sequence[Peer], how: Race, tell: Tell = lambda _: None) -> dict[str, Any]:
    """Run femurfe and its peers in turns on one problem.

    Returns
    -------
    dict
        ``file``, ``n_dofs`` and ``runs``: a summary for each with ``ratio`` (its total over
        femurfe's), ``memory_ratio`` and ``difference`` (largest difference of its displacements
        from femurfe's over the largest of these), or ``failed`` and why.

    Raises
    ------
    RunFailed
        If femurfe itself fails.
    """
    kind = "voxels" if holds_voxels(mesh) else "tetrahedra"
    entered = [peer for peer in peers if peer.kind == kind]
    with TemporaryDirectory() as name:
        folder = Path(name)
        records, failed = _turns(mesh, entered, folder, how, tell)
        own = np.load(folder / f"{OWN}.npy")
        runs = [_own_row(summary(records[OWN]))]
        for peer in entered:
            if peer.name in failed:
                runs.append({"name": peer.name, "title": peer.title, "failed": failed[peer.name]})
            else:
                runs.append(_row(peer, summary(records[peer.name]), runs[0], folder, own))
    return {"file": mesh.name, "n_dofs": runs[0]["n_dofs"], "runs": runs}


def _turns(
    mesh: Path, peers: Sequence[Peer], folder: Path, how: Race, tell: Tell
) -> tuple[dict[str, list[Record]], dict[str, str]]:
    """Records by name, and why a peer failed; each runs once before any runs again."""
    records: dict[str, list[Record]] = {name: [] for name in (OWN, *(peer.name for peer in peers))}
    failed: dict[str, str] = {}
    for turn in range(how.repeats):
        tell(f"{mesh.name}, run {turn + 1} of {how.repeats}: {OWN}")
        out = folder / f"{OWN}.npy"
        own = run_femurfe(mesh, out, threads=how.threads, order=how.order, timeout=how.timeout)
        records[OWN].append(own)
        for peer in (peer for peer in peers if peer.name not in failed):
            tell(f"{mesh.name}, run {turn + 1} of {how.repeats}: {peer.name}")
            try:
                record = peer.run(mesh, folder, threads=how.threads, order=how.order, timeout=how.timeout)
            except RunFailed as error:
                failed[peer.name] = str(error)
            else:
                records[peer.name].append(record)
    return records, failed


def _own_row(record: Record) -> Record:
    return {"name": OWN, "title": OWN, "ratio": 1.0, "memory_ratio": 1.0, "difference": 0.0, **record}


def _row(peer: Peer, record: Record, own: Record, folder: Path, displacement: Floats) -> Record:
    other = np.load(folder / f"{peer.name}.npy")
    return {
        "name": peer.name, "title": peer.title,
        "ratio": record["seconds"]["total"] / own["seconds"]["total"],
        "memory_ratio": record["peak_mb"] / own["peak_mb"],
        "difference": difference(other, displacement), **record,
    }  # fmt: skip


def difference(first: Floats, second: Floats) -> float:
    """Largest difference of two displacements over the largest entry of the second.

    Raises
    ------
    FemurfeError
        If they differ in shape.
    """
    if first.shape != second.shape:
        message = f"two answers cannot be compared: shapes {first.shape} and {second.shape}"
        raise FemurfeError(message, code="E-BENCH-COMPARE")
    return float(np.abs(first - second).max() / np.abs(second).max())
