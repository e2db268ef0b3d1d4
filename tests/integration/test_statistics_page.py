"""The example of the page on statistics, run as it stands there on a made table."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "statistics.md"
GAINS = {"lytic": 0.0, "cement": 0.4, "screw+cement": 0.5}


def made_table(n=60):
    """Strength that falls with the lesion and rises with the cement, 5 % scatter, one failed row."""
    rng = np.random.default_rng(0)
    lesion, fraction, bone = rng.uniform(1.0, 10.0, n), rng.random(n), rng.lognormal(8.0, 0.2, n)
    case, arm = (index.ravel() for index in np.meshgrid(np.arange(n), np.arange(3), indexing="ij"))
    gain = 1.0 + np.array(list(GAINS.values()))[arm] * fraction[case]
    strength = bone[case] * (1.0 - 0.06 * lesion[case]) * gain * (1.0 + 0.05 * rng.normal(size=3 * n))
    status = np.full(3 * n, "done", dtype=object)
    status[4] = "failed"
    return {
        "case": case, "arm": np.array(list(GAINS))[arm], "load_case": np.full(3 * n, "stance"),
        "status": status,
        "lesion_volume_ml": lesion[case], "cement_fraction": fraction[case],
        "law": np.array(["morgan", "keller"])[case % 2], "failure_load_N": strength,
    }  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Names after the example, and its folder."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names = {"table": made_table(), "folder": tmp_path_factory.mktemp("page")}
    exec(compile(block, str(PAGE), "exec"), names)
    return names


def test_the_example_finds_what_was_put_into_the_table(ran):
    cement, screw = ran["effects"]
    assert cement.ratio.contains(1.2)
    assert screw.ratio.contains(1.0 + 0.05 / 1.2)
    assert (cement.n_dropped, screw.n_dropped) == (1, 1)
    lesion, fraction = ran["fit"].coefficients
    assert lesion.high < 0.0 < fraction.low
    lytic, treated, _ = (one.probability.estimate for one in ran["fails"])
    assert lytic > treated
    assert ran["laws"].winners == {"morgan": "screw+cement", "keller": "screw+cement"}
    assert ran["laws"].between == pytest.approx(1.0)
    assert ran["ranks"].better["cement", "lytic"].low > 0.8
    assert ran["chart"].n_dropped == 1


def test_the_example_leaves_its_figure(ran):
    assert (ran["folder"] / "paired.pdf").read_bytes().startswith(b"%PDF")
