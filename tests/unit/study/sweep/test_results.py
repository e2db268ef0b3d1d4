"""Results read back: one tidy table, failed cases counted and never averaged in."""

import csv
import math

import numpy as np
import pytest
from helpers.sweeping import plain_cases, sweep_here

import femurfe as ff
from femurfe.errors import MissingExtra, UnreadableFile
from femurfe.study import extras


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Six cases, of which the third is refused."""
    place = tmp_path_factory.mktemp("results") / "s"
    cases = plain_cases(6)
    cases[2]["do"] = "refuse"
    sweep_here(cases, place)
    return ff.read_sweep(place)


def test_counts_name_done_failed_and_left(results):
    assert (results.n_cases, results.n_done, results.n_failed, results.n_left) == (6, 5, 1, 0)
    assert results.failures() == {2: "the screw does not fit [E-TOY]"}
    assert "1 failed" in repr(results)


def test_the_table_has_a_row_per_case_and_its_columns_in_order(results):
    table = results.table()
    assert list(table.columns[:7]) == ["case", "key", "x", "arm", "load_case", "status", "risk"]
    assert table["case"].tolist() == list(range(6))
    assert table["risk"].dtype == float


def test_a_failed_case_has_its_row_and_is_in_no_mean(results):
    table = results.table()
    failed = table[table["status"] == "failed"]
    assert failed["case"].tolist() == [2]
    assert failed["risk"].isna().all()
    good = [1.0 / (1.0 + x) for x in (0, 1, 3, 4, 5)]
    assert table["risk"].mean() == pytest.approx(np.mean(good), rel=1e-15)
    assert table["risk"].count() == 5


def test_csv_says_that_a_case_failed_and_keeps_numbers_to_nine_digits(results, tmp_path):
    results.to_csv(tmp_path / "t.csv")
    rows = list(csv.DictReader((tmp_path / "t.csv").open(encoding="utf-8")))
    assert [row["status"] for row in rows].count("failed") == 1
    assert rows[2]["risk"] == ""
    assert all(math.isclose(float(rows[x]["risk"]), 1.0 / (1.0 + x), rel_tol=1e-8) for x in (0, 1, 3, 4, 5))


def test_parquet_gives_back_the_table_bit_by_bit(results, tmp_path):
    pytest.importorskip("pyarrow")
    import pandas as pd

    results.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), results.table(), check_exact=True)


def test_xarray_has_cases_arms_and_loads_as_dimensions(results):
    found = results.to_xarray()
    assert dict(found.sizes) == {"case": 6, "arm": 1, "load_case": 1}
    assert found["x"].dims == ("case",)
    one = found["risk"].sel(arm="one", load_case="push").values
    assert np.array_equal(one, results.table()["risk"].to_numpy(), equal_nan=True)


def test_cases_that_are_equal_share_a_result_and_have_a_row_each(tmp_path):
    sweep_here([*plain_cases(2), {"x": 1}], tmp_path / "s")
    found = ff.read_sweep(tmp_path / "s")
    assert len(list((tmp_path / "s" / "cases").rglob("*.json"))) == 2
    assert found.table()["risk"].tolist() == [1.0, 0.5, 0.5]


def test_a_missing_library_is_named_with_its_extra(results, monkeypatch):
    def gone(name):
        message = f"No module named {name!r}"
        raise ImportError(message)

    monkeypatch.setattr(extras, "import_module", gone)
    for call, extra in ((results.table, "sweep"), (results.to_xarray, "sweep")):
        with pytest.raises(MissingExtra, match=rf'pip install "femurfe\[{extra}\]"'):
            call()


def test_a_folder_without_a_sweep_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="holds no sweep"):
        ff.read_sweep(tmp_path)


def test_a_folder_of_something_else_is_not_written_to(tmp_path):
    from femurfe.study.sweep.run import _check_place

    (tmp_path / "thesis.txt").write_text("do not touch")
    with pytest.raises(ff.FemurfeError, match="no folder of a sweep"):
        _check_place(tmp_path)
