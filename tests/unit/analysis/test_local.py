"""Local regression: exact on planes, leave-one-out by brute force."""

import dataclasses

import numpy as np
import pytest

from femurfe.analysis.local import LocalRegression, fit_local
from femurfe.errors import InvalidData

RNG = np.random.default_rng(9)
X = RNG.random((40, 2)) * [4.0, 100.0]
NOISY = np.sin(X[:, 0]) + 0.01 * X[:, 1] + 0.2 * RNG.normal(size=40)


def test_a_plane_comes_back_exactly_even_outside():
    fit = fit_local(X, 2.0 + X @ [3.0, -0.1])
    at = np.array([[2.0, 50.0], [5.0, 120.0]])
    assert fit.predict(at) == pytest.approx(2.0 + at @ [3.0, -0.1], rel=1e-6)


@pytest.mark.parametrize("width", [0.02, 0.3, 2.0])
def test_leaving_one_out_equals_fitting_without_it(width):
    fit = dataclasses.replace(fit_local(X, NOISY), width=width)
    found = fit.leave_one_out()
    for i in range(40):
        keep = np.arange(40) != i
        without = LocalRegression(fit.low, fit.span, fit.points[keep], NOISY[keep], width)
        assert found[i] == pytest.approx(without.predict(X[i : i + 1])[0])


def test_a_prediction_is_that_of_weighted_least_squares():
    fit = dataclasses.replace(fit_local(X, NOISY), width=0.3)
    at = np.array([1.0, 60.0])
    offset = (X - at) / fit.span
    weight = np.exp(-0.25 * (offset**2).sum(axis=1) / 0.3**2)
    design = np.column_stack([np.ones(40), offset])
    expected = np.linalg.lstsq(design * weight[:, None], NOISY * weight, rcond=None)[0][0]
    assert fit.predict(at[None])[0] == pytest.approx(expected, rel=1e-6)


def test_wide_kernels_are_chosen_for_noise_and_narrow_ones_for_waves():
    noise = fit_local(X, RNG.normal(size=40))
    waves = fit_local(X, np.sin(2.5 * X[:, 0]))
    assert noise.width > 0.5
    assert waves.width < 0.2


def test_far_from_all_points_the_nearest_one_speaks():
    fit = LocalRegression(np.zeros(1), np.ones(1), np.array([[0.0], [1.0]]), np.array([3.0, 7.0]), 0.01)
    assert fit.predict(np.array([[0.4], [0.6]])) == pytest.approx([3.0, 7.0])


def test_chunks_change_nothing(monkeypatch):
    fit = fit_local(X, NOISY)
    whole = fit.predict(X), fit.leave_one_out()
    monkeypatch.setattr("femurfe.analysis.local._CHUNK", 120)
    assert fit.predict(X) == pytest.approx(whole[0], rel=1e-9)
    assert fit.leave_one_out() == pytest.approx(whole[1], rel=1e-9)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InvalidData, match="needs 5 cases with finite numbers, got 4"):
        fit_local(X[:4], NOISY[:4])
    with pytest.raises(InvalidData, match="inputs that vary"):
        fit_local(np.column_stack([X[:, 0], np.ones(40)]), NOISY)
