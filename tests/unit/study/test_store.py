"""Names of files and folders of results."""

import pytest

from femurfe.errors import FemurfeError
from femurfe.study.store import file_name, new_folder


def test_names_of_files_are_safe_and_never_the_same_on_any_system():
    taken = set()
    names = [file_name(parts, taken) for parts in (("a/b", "c"), ("a_b", "C"), ("a b", "c"), ("a+b", "c"))]
    assert names == ["a_b_c", "a_b_C_2", "a_b_c_3", "a+b_c"]


def test_a_folder_is_replaced_only_if_it_bears_the_mark(tmp_path):
    place = tmp_path / "out"
    for text in ("first", "second"):
        with new_folder(place, "mark.json") as draft:
            (draft / "mark.json").write_text(text)
            (draft / text).touch()
    assert sorted(path.name for path in place.iterdir()) == ["mark.json", "second"]
    with pytest.raises(FemurfeError, match="no results folder"), new_folder(place, "other.json"):
        raise AssertionError
    with pytest.raises(ZeroDivisionError), new_folder(place, "mark.json") as draft:
        (draft / "third").write_text(str(1 / 0))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (place / "second").exists()
