"""A surrogate says what it is, how good it is, and refuses where it is not."""

import numpy as np
import pytest

from femurfe.analysis.surrogate import LABEL, SurrogateRefused, fit_surrogate
from femurfe.analysis.validation import cross_validation
from femurfe.errors import InvalidData

NAMES = ("fraction", "diameter_mm")


def sample(n, seed):
    return np.random.default_rng(seed).random((n, 2)) * [1.0, 4.0] + [0.0, 4.0]


def stiffness(x):
    return 5000.0 + 3000.0 * np.sqrt(x[:, 0] + 0.1) + 20.0 * x[:, 1] ** 2


def test_cross_validation_tells_the_error_on_cases_never_seen():
    x, new = sample(60, 1), sample(400, 2)
    inside = ((new > x.min(axis=0)) & (new < x.max(axis=0))).all(axis=1)
    scatter = 100.0 * np.random.default_rng(3).normal(size=60)
    surrogate = fit_surrogate(x, stiffness(x) + scatter, NAMES, "stiffness_N_per_mm")
    fresh = stiffness(new[inside]) + 100.0 * np.random.default_rng(4).normal(size=int(inside.sum()))
    rmse = np.sqrt(np.mean((surrogate.predict(new[inside]).mean - fresh) ** 2))
    assert surrogate.validation.rmse == pytest.approx(rmse, rel=0.2)
    assert surrogate.validation.q2 > 0.95
    assert surrogate.validation.coverage == pytest.approx(0.95, abs=0.06)


def test_a_prediction_is_labelled_as_no_solve():
    x = sample(40, 1)
    found = fit_surrogate(x, stiffness(x), NAMES, "stiffness").predict(x[:3])
    assert found.label == LABEL
    assert "not a solve" in found.label


def test_noise_has_no_surrogate_unless_forced():
    x = sample(40, 1)
    surrogate = fit_surrogate(x, np.random.default_rng(5).normal(size=40), NAMES, "risk")
    assert surrogate.validation.q2 < 0.3
    with pytest.raises(
        SurrogateRefused, match=r"'risk' has a cross-validated Q2 of .*, below 0\.9; solve more"
    ):
        surrogate.predict(x)
    assert np.isfinite(surrogate.predict(x, force=True).mean).all()
    assert np.isfinite(surrogate.predict(x, least_q2=-5.0).mean).all()


def test_outside_the_sampled_box_it_refuses_unless_forced():
    x = sample(40, 1)
    surrogate = fit_surrogate(x, stiffness(x), NAMES, "stiffness")
    with pytest.raises(SurrogateRefused, match=r"knows 'diameter_mm' from 4.* to 7.* only, got 9 to 9"):
        surrogate.predict(np.array([[0.5, 9.0]]))
    far = surrogate.predict(np.array([[0.5, 9.0], [0.5, 6.0]]), force=True)
    assert far.deviation[0] > 2.0 * far.deviation[1]


def test_failed_cases_are_left_out_and_counted():
    x = sample(40, 1)
    values = stiffness(x)
    values[[4, 7]] = np.nan
    surrogate = fit_surrogate(x, values, NAMES, "stiffness")
    assert surrogate.n_dropped == 2
    assert surrogate.predict(x[[4, 7]], force=True).mean == pytest.approx(stiffness(x[[4, 7]]), rel=0.02)


def test_columns_must_be_those_of_the_fit():
    x = sample(40, 1)
    with pytest.raises(InvalidData, match="surrogate of 1 parameters needs that many columns"):
        fit_surrogate(x, stiffness(x), NAMES[:1], "stiffness")
    with pytest.raises(InvalidData, match="needs that many columns, got \\(3, 1\\)"):
        fit_surrogate(x, stiffness(x), NAMES, "stiffness").predict(np.ones((3, 1)))


def test_q2_is_one_for_perfect_and_zero_for_the_mean():
    values = np.array([1.0, 2.0, 4.0])
    assert cross_validation(values, values).q2 == 1.0
    found = cross_validation(values, np.full(3, values.mean()), np.full(3, 1.0))
    assert found.q2 == 0.0
    assert found.rmse == pytest.approx(values.std())
    assert found.coverage == 1.0
