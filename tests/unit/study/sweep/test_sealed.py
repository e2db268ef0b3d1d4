"""Sealed files: any damage is seen; a file appears whole, after it is on the disk, or not at all."""

import errno
import os
from pathlib import Path

import pytest
from helpers.sweeping import contents, plain_cases, sweep_here, toy_key

from femurfe.study.sweep.results import SweepResults
from femurfe.study.sweep.sealed import (
    Damaged,
    Journal,
    journal_lines,
    opened,
    sealed,
    write_sealed,
)
from femurfe.study.sweep.store import Store

CONTENT = {"key": "a", "rows": [1.0 / 3.0, None, "Hüftkopf"], "n": 3}


def test_a_sealed_line_opens_to_what_was_sealed():
    assert opened(sealed(CONTENT)) == CONTENT


def test_every_flipped_bit_and_every_missing_byte_is_seen():
    line = sealed(CONTENT)
    for i in range(len(line)):
        for bit in range(8):
            with pytest.raises(Damaged):
                opened(line[:i] + bytes([line[i] ^ 1 << bit]) + line[i + 1 :])
        with pytest.raises(Damaged):
            opened(line[:i])
        with pytest.raises(Damaged):
            opened(line[:i] + line[i + 1 :])
    with pytest.raises(Damaged):
        opened(line + b" ")


def test_not_a_number_is_never_stored():
    with pytest.raises(ValueError, match="not JSON compliant"):
        sealed({"risk": float("nan")})


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_is_after(tmp_path, monkeypatch):
    calls, paths = [], {}
    fsync, opener, replace = os.fsync, os.open, Path.replace

    def seen_open(path, *args, **options):
        handle = opener(path, *args, **options)
        paths[handle] = Path(path)
        return handle

    def seen_replace(path, target):
        calls.append(("rename", Path(target).name))
        return replace(path, target)

    monkeypatch.setattr(os, "open", seen_open)
    monkeypatch.setattr(os, "fsync", lambda h: (calls.append(("sync", paths[h].suffix)), fsync(h)))
    monkeypatch.setattr(Path, "replace", seen_replace)
    write_sealed(tmp_path / "case.json", CONTENT)
    assert calls == [("sync", ".tmp"), ("rename", "case.json"), ("sync", "")]


def test_a_journal_with_a_torn_end_goes_on_with_whole_lines(tmp_path):
    path = tmp_path / "journal" / "1.jsonl"
    journal = Journal(path)
    journal.add("begun", key="a")
    journal.add("done", key="a")
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    journal = Journal(path)
    journal.add("again", key="a")
    journal.close()
    assert [line["event"] for line in journal_lines(path)] == ["begun", "again"]


@pytest.fixture
def swept(tmp_path):
    """The folder of a finished sweep of eight cases."""
    sweep_here(plain_cases(8), tmp_path / "s")
    return tmp_path / "s"


def test_a_damaged_result_is_set_aside_and_computed_again(swept):
    before = contents(swept)
    paths = sorted((swept / "cases").rglob("*.json"))
    flipped = bytearray(paths[2].read_bytes())
    flipped[len(flipped) // 2] ^= 1
    paths[2].write_bytes(flipped)
    paths[5].write_bytes(paths[5].read_bytes()[:100])
    paths[6].write_bytes(b"")
    assert SweepResults(swept).n_left == 3
    done = sweep_here(plain_cases(8), swept)
    assert (done.standing.kept, done.standing.done) == (5, 8)
    assert contents(swept) == before
    assert len(list((swept / "damaged").iterdir())) == 3


def test_a_result_under_the_name_of_another_case_is_not_taken(swept):
    one, other = (Store(swept)._path(toy_key(x)) for x in (1, 2))
    one.write_bytes(other.read_bytes())
    assert sweep_here(plain_cases(8), swept).standing.kept == 7


def test_a_damaged_design_is_written_anew(swept):
    before = (swept / "design.json").read_bytes()
    (swept / "design.json").write_bytes(before[:-10])
    with pytest.raises(Exception, match="damaged"):
        SweepResults(swept)
    sweep_here(plain_cases(8), swept)
    assert (swept / "design.json").read_bytes() == before


def test_a_disk_without_room_ends_the_sweep_in_a_sentence_and_it_goes_on_later(tmp_path, monkeypatch):
    real, left = Path.write_bytes, [5]

    def until_full(path, content):
        if path.suffix == ".tmp" and path.parent.parent.name == "cases":
            left[0] -= 1
            if left[0] < 0:
                real(path, content[:20])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", until_full)
    with pytest.raises(Exception, match=r"No space left on device.*free some space and run again"):
        sweep_here(plain_cases(20), tmp_path / "s")
    assert not list((tmp_path / "s").rglob("*.tmp"))
    results = SweepResults(tmp_path / "s")
    assert (results.n_done, len(results.rows())) == (5, 5)
    monkeypatch.undo()
    assert sweep_here(plain_cases(20), tmp_path / "s").standing.kept == 5
    sweep_here(plain_cases(20), tmp_path / "whole")
    assert contents(tmp_path / "s") == contents(tmp_path / "whole")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KB, where this process may make one."""
    import subprocess

    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_real_full_disk_is_readable_and_goes_on_when_there_is_room(small_disk):
    import subprocess

    with pytest.raises(Exception, match=r"No space left on device.*run again"):
        sweep_here(plain_cases(60), small_disk / "s")
    kept = SweepResults(small_disk / "s").n_done
    assert 0 < kept < 60
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    done = sweep_here(plain_cases(60), small_disk / "s")
    assert (done.standing.kept, done.standing.done) == (kept, 60)


def test_a_read_only_store_is_read_and_refused_for_writing(small_disk):
    import subprocess

    sweep_here(plain_cases(3), small_disk / "s")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert SweepResults(small_disk / "s").n_done == 3
    with pytest.raises(Exception, match="Read-only file system"):
        sweep_here(plain_cases(3), small_disk / "s")
