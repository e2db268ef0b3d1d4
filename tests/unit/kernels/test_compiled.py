import pickle
from pathlib import Path

import numpy as np
import pytest
from numba.core import config

from femurfe.kernels import compiled
from femurfe.kernels.compiled import KernelFile, digest, kernel


def double(x):
    return x + x


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Where kernels are kept; each call of `kernel` starts as a new process would."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    assert run() == "compiled"
    return tmp_path


def run(number=3, **options):
    again = kernel(double, **options)
    assert again(number) == 2 * number
    return "loaded" if sum(again.stats.cache_hits.values()) else "compiled"


def damage(store, pattern, change):
    files = list(store.rglob(pattern))
    assert files
    for file in files:
        file.write_bytes(change(file.read_bytes()))


def removed_class(content):
    return content.replace(b"numba", b"numbb")


def no_table(content):
    return content[: content.index(b".") + 1] + pickle.dumps((1, [2]))


def altered(content):
    return content[:-200] + bytes([content[-200] ^ 1]) + content[-199:]


CHANGES = {
    "random bytes": lambda content: np.random.default_rng(1).bytes(len(content)),
    "half": lambda content: content[: len(content) // 2],
    "nothing": lambda _: b"",
    "removed class": removed_class,
}


def test_a_kept_kernel_is_loaded(store):
    assert run() == "loaded"
    assert run(2.5) == "compiled"
    assert (run(), run(2.5)) == ("loaded", "loaded")


@pytest.mark.parametrize("change", [*CHANGES.values(), no_table], ids=[*CHANGES, "no table"])
def test_a_damaged_index_is_set_aside_and_made_anew(store, change):
    damage(store, "*.nbi", change)
    assert run() == "compiled"
    assert run() == "loaded"


@pytest.mark.parametrize("change", [*CHANGES.values(), altered], ids=[*CHANGES, "one bit"])
def test_damaged_code_is_compiled_and_kept_anew(store, change):
    damage(store, "*.nbc", change)
    assert run() == "compiled"
    assert run() == "loaded"


def test_code_of_another_signature_under_the_same_name_is_not_used(store):
    (integers,) = store.rglob("*.nbc")
    content = integers.read_bytes()
    assert run(2.5) == "compiled"
    for file in store.rglob("*.nbc"):
        file.write_bytes(content)
    assert run() == "loaded"
    assert run(2.5) == "compiled"


def test_other_options_are_other_code(store):
    assert run(fastmath=True) == "compiled"
    assert (run(), run(fastmath=True)) == ("loaded", "loaded")


def full(*_):
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_a_miss(store, monkeypatch):
    damage(store, "*.nbc", CHANGES["half"])
    monkeypatch.setattr(KernelFile, "_save_data", full)
    assert (run(), run()) == ("compiled", "compiled")


def test_code_of_older_sources_is_not_used_even_if_newer_could_not_be_written(store, monkeypatch):
    monkeypatch.setattr(compiled, "digest", lambda _: "newer")
    with monkeypatch.context() as patch:
        patch.setattr(KernelFile, "_save_data", full)
        assert (run(), run()) == ("compiled", "compiled")
    assert (run(), run()) == ("compiled", "loaded")


def test_with_no_place_to_keep_kernels_they_are_compiled(tmp_path, monkeypatch):
    def nowhere(*_):
        message = "cannot cache function: no locator available"
        raise RuntimeError(message)

    monkeypatch.setattr(compiled.FunctionCache, "__init__", nowhere)
    assert (run(), run()) == ("compiled", "compiled")


def test_kernels_release_pythons_lock_unless_parallel():
    assert kernel(double).targetoptions["nogil"]
    assert not kernel(parallel=True)(double).targetoptions["nogil"]


def test_a_change_in_an_imported_module_is_a_change(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "HERE", tmp_path)
    digest.cache_clear()
    top, middle, base = (tmp_path / f"{name}.py" for name in ("top", "middle", "base"))
    top.write_text("from femurfe.kernels.middle import f\n")
    middle.write_text("from femurfe.kernels import base, missing\nimport femurfe.kernels.top\n")
    base.write_text("SIZE = 1\n")
    before = digest(top)
    digest.cache_clear()
    assert digest(top) == before
    base.write_text("SIZE = 2\n")
    digest.cache_clear()
    assert digest(top) != before
    digest.cache_clear()


def test_every_kernel_is_compiled_in_this_one_way():
    package = Path(compiled.__file__).parents[1]
    users = [p.name for p in package.rglob("*.py") if "njit" in p.read_text() or "nb.jit" in p.read_text()]
    assert users == ["compiled.py"]
