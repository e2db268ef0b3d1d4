"""Labels of the parameters in figures of sweeps."""

from femurfe.figures.pictures import short_names


def test_labels_leave_out_the_first_table_of_a_key():
    keys = ("items.cement.fraction", 'loads."one leg".body_weight_N', "materials.density_factor", "x")
    assert list(short_names(keys).values()) == [
        "cement fraction", "one leg body_weight_N", "density_factor", "x",
    ]  # fmt: skip


def test_labels_that_would_be_alike_are_whole_keys():
    keys = ("items.a.size_mm", "loads.a.size_mm", "mesh.size_mm")
    assert list(short_names(keys).values()) == [*keys[:2], "size_mm"]
