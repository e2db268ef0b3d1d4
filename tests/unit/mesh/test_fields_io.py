"""Fields read back from the files that a run leaves."""

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.errors import UnreadableFile
from femurfe.mesh.io import write_mesh
from femurfe.mesh.io.fields import read_fields


@pytest.mark.parametrize("order", [1, 2])
def test_fields_come_back_as_they_were_written(tmp_path, order):
    mesh = block((2, 1, 1), (2.0, 1.0, 1.0), order)
    rng = np.random.default_rng(0)
    displacement, risk = rng.normal(size=(mesh.n_points, 3)), rng.random(mesh.n_cells)
    risk[0] = np.nan
    path = tmp_path / "fields.vtu"
    write_mesh(path, mesh, {"displacement": displacement}, {"risk": risk})
    found = read_fields(path)
    assert np.array_equal(found.mesh.cells, mesh.cells)
    assert dict(found.mesh.regions) == dict(mesh.regions)
    assert set(found.points) == {"displacement"}
    assert set(found.cells) == {"risk"}
    assert np.array_equal(found.points["displacement"], displacement)
    assert np.array_equal(found.cells["risk"], risk, equal_nan=True)


def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path):
    path = tmp_path / "fields.vtu"
    path.write_text("not xml")
    with pytest.raises(UnreadableFile, match=r"fields\.vtu"):
        read_fields(path)
