"""A result times a factor is that of the case whose loads and motions are as much larger."""

import numpy as np
import pytest
from helpers.meshes import block
from helpers.solving import uniform

from femurfe.fem.linear import SolverOptions
from femurfe.loads import Fixed, Force, LoadCase, Platen
from femurfe.model import Model, solve


def answer(factor, driven):
    mesh = block((2, 2, 3), (10.0, 10.0, 15.0))
    top = Platen("grip", "z1", prescribed={"z": -0.01 * factor}) if driven else None
    loads = () if driven else (Force("z1", (10.0 * factor, 0.0, -50.0 * factor)),)
    supports = (Fixed("z0"), top) if driven else (Fixed("z0"),)
    case = LoadCase("case", supports, loads)
    return solve(Model(mesh, uniform(mesh), case), SolverOptions(method="direct"))


@pytest.mark.parametrize("driven", [False, True])
def test_a_multiple_is_what_a_solve_under_the_larger_load_gives(driven):
    found, wanted = answer(1.0, driven).times(3.0), answer(3.0, driven)
    for name in ("displacement", "reaction", "force"):
        a, b = getattr(found, name), getattr(wanted, name)
        np.testing.assert_allclose(a, b, rtol=0.0, atol=1e-9 * max(np.abs(b).max(), 1e-300))
    assert found.work == pytest.approx(wanted.work, rel=1e-9)
    assert dict(found.primary) == pytest.approx(dict(wanted.primary), rel=1e-9)
    for name, values in wanted.platens.items():
        for key, value in values.items():
            scale = max(float(np.abs(value).max()), 1e-300)
            np.testing.assert_allclose(found.platens[name][key], value, rtol=0.0, atol=1e-8 * scale)
