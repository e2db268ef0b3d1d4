"""The page of a sweep: failed cases counted and in no number, one arm, none, and a thousand cases."""

import re

import numpy as np
import pytest
from helpers.pages import Page
from helpers.reporting import NASTY, made_sweep
from test_report_page import check_offline, check_structure

import femurfe as ff
from femurfe.errors import FemurfeWarning


def page_of(folder):
    page = Page(ff.write_report(folder).read_text(encoding="utf-8"))
    check_structure(page)
    check_offline(page)
    return page


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Forty cases, of which three failed and two were not run."""
    return made_sweep(tmp_path_factory.mktemp("sweep"), 40, failed=(3, 4, 30), left=(8, 9), reason=NASTY)


@pytest.fixture(scope="module")
def swept_page(swept):
    return page_of(swept)


def test_failed_cases_are_counted_named_and_in_no_number(swept, swept_page):
    text = swept_page.text()
    assert "3 of 40 cases failed; they are in no number below." in text
    assert "2 of 40 cases have not been run yet." in text
    assert f"{NASTY} 3 3, 4, 30" in text
    table = ff.read_sweep(swept).table()
    risk = table[(table["arm"] == "cement") & (table["status"] == "done")]["risk"]
    found = re.search(r"stance cement (\d+) ([\d.]+) ([\d.]+)", text)
    assert int(found[1]) == len(risk) == 35
    assert float(found[2]) == pytest.approx(risk.mean(), rel=1e-3)
    assert float(found[3]) == pytest.approx(risk.std(ddof=1), rel=1e-3)


def test_the_statistics_are_those_of_the_analyses(swept, swept_page):
    page = swept_page
    titles = page.text("h3")
    for kind in ("regression", "paired", "probability", "ranks", "chart"):
        assert f"{kind} of risk" in titles
    assert "morris of risk: a morris analysis needs" in page.text("li")
    assert len(page.all("img")) >= 6
    with pytest.warns(FemurfeWarning, match="38 of 40"):
        r2 = ff.read_sweep(swept).analyze("regression").of("stance", "cement").r2.estimate
    assert np.format_float_positional(r2, 4, fractional=False, trim="-") in page.text()


def test_warnings_of_cases_are_gathered(swept_page):
    assert "case 0 (the first of 35 cases that warn of this) [W-TOY]" in swept_page.text()


def test_a_thousand_cases_fit_in_a_page_of_twenty_megabytes(tmp_path):
    """With failures for as many reasons as there are failures."""
    arms, loads = ("intact", "lytic", "cement", "screw+cement"), ("stance", "torsion")
    place = made_sweep(
        tmp_path, 1000, arms, range(0, 1000, 7), loads=loads, reason=f"{NASTY} in case {{case}}"
    )
    page = page_of(place)
    assert (place / "report.html").stat().st_size < 20_000_000
    assert "143 of 1000 cases failed" in page.text()
    assert "103 more reasons are left out here" in page.text()
    for kind in ("regression", "paired", "ranks", "chart"):
        assert f"{kind} of risk" in page.text("h3")
    charts = [image["alt"] for image in page.all("img") if image["alt"].startswith("Figure chart")]
    wanted = [f"{load}, {arm}" for load in loads for arm in arms]
    assert charts == [f"Figure chart {of}: Chart of risk: {of}." for of in wanted]
    assert page.text().count("857 143") >= len(charts)


def test_a_sweep_of_one_arm_says_that_nothing_is_compared(tmp_path):
    text = page_of(made_sweep(tmp_path, 12, arms=("lytic",))).text()
    assert "There is one arm, lytic: nothing is compared." in text
    assert "needs at least two arms" in text


@pytest.mark.parametrize(
    ("failed", "left", "said"), [(6, 0, "6 of 6 cases failed"), (0, 6, "6 of 6 cases have not")]
)
def test_a_sweep_without_a_result_is_reported_as_that(tmp_path, failed, left, said):
    text = page_of(made_sweep(tmp_path, 6, failed=range(failed), left=range(left))).text()
    assert said in text
    assert "No case has ended with results." in text
