"""Sizes, fitted exponents, and programs run in processes of their own."""

import sys
from pathlib import Path

import numpy as np
import pytest

from femurfe.bench.clock import Clock, process_age
from femurfe.bench.runs import RunFailed, output, summary
from femurfe.bench.scaling import exponent, problem_file, size_asked
from femurfe.errors import FemurfeError


@pytest.mark.parametrize("power", [0.9, 1.0, 1.35])
def test_the_exponent_of_a_power_law_is_its_power(power):
    sizes = np.array([2e5, 6e5, 1.5e6, 1e7])
    assert exponent(sizes, 3e-6 * sizes**power) == pytest.approx(power, abs=1e-12)


def test_small_problems_are_not_fitted():
    sizes = np.array([1e3, 5e4, 2e5, 2e6])
    seconds = np.array([7.0, 7.0, 1.0, 10.0])
    assert exponent(sizes, seconds) == pytest.approx(1.0)


def test_one_size_has_no_exponent():
    with pytest.raises(FemurfeError, match="two sizes"):
        exponent([5e4, 3e5, 3e5], [1.0, 2.0, 2.1])


@pytest.mark.parametrize(
    ("text", "size"), [("200k", 2e5), ("1.5M", 1.5e6), ("10m", 1e7), ("600000", 6e5), ("2e5", 2e5)]
)
def test_sizes_are_read(text, size):
    assert size_asked(text) == pytest.approx(size)


@pytest.mark.parametrize("text", ["femur.npz", "k", "", "-5", "0", "nan", "inf"])
def test_what_is_no_size_is_a_file(text):
    assert size_asked(text) is None
    assert problem_file(text or "x", Path("none"), Path()) == Path(text or "x")


def test_a_size_needs_the_generator(tmp_path):
    with pytest.raises(FemurfeError, match="missing"):
        problem_file("200k", tmp_path / "none.py", tmp_path)


def test_a_program_that_fails_says_why():
    with pytest.raises(RunFailed, match="too hot"):
        output([sys.executable, "-c", "raise SystemExit('too hot')"])


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(RunFailed, match="cannot be started"):
        output(["/no/such/program"])


def test_a_program_that_takes_too_long_is_ended():
    with pytest.raises(RunFailed, match=r"longer than 0\.2 s"):
        output([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.2)


def test_a_summary_has_medians_and_the_largest_memory():
    runs = [
        {"n_dofs": 5, "seconds": {"solve": s, "total": 2 * s}, "peak_mb": p}
        for s, p in ((3.0, 10.0), (1.0, 30.0), (2.0, 20.0))
    ]
    found = summary(runs)
    assert found["seconds"] == {"solve": 2.0, "total": 4.0}
    assert found["totals"] == [6.0, 2.0, 4.0]
    assert found["peak_mb"] == 30.0


def test_the_total_is_assembly_setup_and_solve():
    clock = Clock()
    clock.seconds.update(
        {"import": 9.0, "read": 9.0, "compile": 9.0, "assembly": 1.0, "setup": 2.0, "solve": 4.0}
    )
    assert clock.report()["total"] == 7.0


def test_a_process_only_grows_older():
    first = process_age()
    assert 0.0 < first <= process_age()
