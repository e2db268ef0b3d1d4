import json

import numpy as np
import pytest

from femurfe.errors import FemurfeError, UnreadableFile
from femurfe.result import Result, load_result, save_result


@pytest.fixture
def result():
    random = np.random.default_rng(2)
    fields = [random.normal(size=(7, 3)) for _ in range(3)]
    platens = {"top": {"motion": random.normal(size=6), "force": random.normal(size=6)}}
    return Result(*fields, 1.25, platens, {"load": 750.0, "motion": 0.1}, {"method": "multigrid"})


def test_a_result_comes_back_from_its_file_bit_by_bit(result, tmp_path):
    save_result(result, tmp_path / "one.npz")
    back = load_result(tmp_path / "one.npz")
    for name in ("displacement", "reaction", "force"):
        assert np.array_equal(getattr(back, name), getattr(result, name)), name
    for name, value in result.platens["top"].items():
        assert np.array_equal(back.platens["top"][name], value)
    assert (back.work, dict(back.primary), dict(back.log)) == (1.25, dict(result.primary), dict(result.log))
    assert [path.name for path in tmp_path.iterdir()] == ["one.npz"]


def test_a_file_that_cannot_be_written_leaves_nothing(result, tmp_path):
    with pytest.raises(FemurfeError) as error:
        save_result(result, tmp_path / "missing" / "one.npz")
    assert error.value.code == "E-FILE-WRITE"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rest", [{}, [], {"platens": 3}, "text"])
def test_a_file_of_something_else_is_refused(rest, tmp_path):
    x = np.zeros((2, 3))
    np.savez(tmp_path / "other.npz", displacement=x, reaction=x, force=x,
             rest=np.frombuffer(json.dumps(rest).encode(), dtype=np.uint8))  # fmt: skip
    (tmp_path / "noise.npz").write_bytes(b"no zip file at all")
    for name in ("other.npz", "noise.npz"):
        with pytest.raises(UnreadableFile, match="holds no result") as error:
            load_result(tmp_path / name)
        assert error.value.code == "E-FILE-RESULT"
