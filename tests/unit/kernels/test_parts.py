import numpy as np
import pytest
from numba.core import config, event

from femurfe.kernels.compiled import kernel


@kernel
def half(x):
    return 0.5 * x


@kernel
def refused(n):
    if n < 0:
        raise ValueError("negative")
    return half(n)


@kernel
def outer(values):
    total = 0.0
    for i in range(values.size):
        total += refused(values[i])
    return total


class Compilations(event.Listener):
    def __init__(self):
        self.names = []

    def on_start(self, ev):
        self.names.append(ev.data["dispatcher"].py_func.__name__)

    def on_end(self, ev):
        pass


@pytest.fixture
def compilations():
    listener = Compilations()
    with event.install_listener("numba:compile", listener):
        yield listener.names


def test_a_kernel_gives_the_same_called_from_a_kernel_and_from_python():
    values = np.array([1.0, 3.0, 8.0])
    assert outer(values) == sum(refused(x) for x in values) == sum(half(x) for x in values) == 6.0


def test_a_kernel_that_has_been_a_part_can_be_called_from_python():
    def later(x):
        return x + 1

    part = kernel(later)
    whole = kernel(lambda x: part(x))
    assert (whole(3), part(3), part(2.5), whole(2.5)) == (4, 4, 3.5, 3.5)


def test_what_a_part_raises_comes_out_of_its_caller():
    with pytest.raises(ValueError, match="negative"):
        outer(np.array([1.0, -1.0]))


def test_a_part_is_neither_compiled_for_python_nor_kept_on_its_own(tmp_path, monkeypatch, compilations):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))

    def inner(x):
        return 2 * x

    part = kernel(inner)

    def caller(x):
        return part(x) + part(x + 1)

    whole = kernel(caller)
    assert whole(1) == 6
    assert compilations == ["caller", "inner"]
    assert not part.overloads
    assert [file.name.split("-")[0] for file in tmp_path.rglob("*.nbc")] == [
        "test_parts.test_a_part_is_neither_compiled_for_python_nor_kept_on_its_own.locals.caller"
    ]


def test_a_part_is_compiled_once_for_all_its_callers(tmp_path, monkeypatch, compilations):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))

    def inner(x):
        return 3 * x

    part = kernel(inner)

    def first(x):
        return part(x) + 1

    def second(x):
        return part(x) + 2

    assert (kernel(first)(1), kernel(second)(1)) == (4, 5)
    assert compilations.count("inner") == 1
