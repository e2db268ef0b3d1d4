"""What is kept of compiled kernels, damaged in every way, as a fresh process meets it."""

import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

SOLVE = """
import sys
import numpy as np
from femurfe.bench.clock import Clock
from femurfe.bench.cube import cube
from femurfe.bench.solve import timed_solve
from femurfe.fem.linear import SolverOptions
from femurfe.kernels import sparse, tet, threads

with threads.using(1):
    displacement, _ = timed_solve(cube(1, 1, 2), SolverOptions("direct"), Clock())
np.save(sys.argv[1], displacement)
kernels = tet.assemble_serial, sparse.multiply_serial
sys.stdout.write(str(sum(sum(k.stats.cache_hits.values()) for k in kernels)))
"""


def solve(out, cache, **environment):
    """Displacements of a small problem and the number of its two main kernels that were loaded."""
    variables = {**os.environ, "NUMBA_CACHE_DIR": str(cache), **environment}
    command = [sys.executable, "-W", "error::UserWarning", "-c", SOLVE, str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=variables)
    assert done.returncode == 0, done.stderr
    return np.load(out), int(done.stdout)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A store that a run has filled, and what that run gave."""
    folder = tmp_path_factory.mktemp("kept")
    displacement, loaded = solve(folder / "u.npy", folder / "cache")
    assert loaded == 0
    assert np.abs(displacement).max() > 0.0
    return folder / "cache", displacement


def spoil_indexes(cache):
    """Noise, half a pickle, and a class that is gone, in turn."""
    for i, file in enumerate(sorted(cache.rglob("*.nbi"))):
        content = file.read_bytes()
        gone = pickle.dumps((b"", {b"": np.float64})).replace(b"float64", b"float65")
        head = content[: content.index(b".", content.index(b"0.")) + 1]
        file.write_bytes([os.urandom(len(content)), content[: len(content) // 2], head + gone][i % 3])


def spoil_code(cache):
    """Half of it, or a bit turned over."""
    for i, file in enumerate(sorted(cache.rglob("*.nbc"))):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(bytes(content) if i % 2 else bytes(content[: len(content) // 2]))


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [spoil_indexes, spoil_code])
def test_a_damaged_store_changes_nothing_and_is_mended(kept, tmp_path, spoil):
    cache = tmp_path / "cache"
    shutil.copytree(kept[0], cache)
    spoil(cache)
    displacement, loaded = solve(tmp_path / "u.npy", cache)
    assert loaded == 0
    np.testing.assert_array_equal(displacement, kept[1])
    displacement, loaded = solve(tmp_path / "u.npy", cache)
    assert loaded == 2
    np.testing.assert_array_equal(displacement, kept[1])


@pytest.mark.slow
def test_without_a_place_to_write_the_run_goes_on(kept, tmp_path):
    (tmp_path / "file").write_text("no folder")
    only = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    displacement, loaded = solve(tmp_path / "u.npy", tmp_path / "file" / "cache", **only)
    assert loaded == 0
    np.testing.assert_array_equal(displacement, kept[1])


@pytest.mark.slow
def test_row_81_another_processor_compiles_its_own_and_leaves_the_others(kept, tmp_path):
    cache, expected = kept
    copy = tmp_path / "cache"
    shutil.copytree(cache, copy)
    found, loaded = solve(tmp_path / "u.npy", copy, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert loaded == 0
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14 * np.abs(expected).max())
    again, loaded = solve(tmp_path / "u.npy", copy)
    assert loaded > 0
    np.testing.assert_array_equal(again, expected)


@pytest.mark.slow
def test_row_81_processes_that_fill_one_store_at_once_give_the_same_and_leave_it_whole(kept, tmp_path):
    with ThreadPoolExecutor(3) as pool:
        outs = [tmp_path / f"{i}.npy" for i in range(3)]
        found = list(pool.map(lambda out: solve(out, tmp_path / "cache"), outs))
    for displacement, _ in found:
        np.testing.assert_array_equal(displacement, kept[1])
    assert solve(tmp_path / "again.npy", tmp_path / "cache")[1] > 0
