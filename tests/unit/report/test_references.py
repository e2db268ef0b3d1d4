"""Entries that BibTeX takes, from the citation file and from the sources of materials."""

import re

from femurfe.report.references import bibtex, citation


def test_the_citation_file_is_read_with_what_femurfe_builds_on():
    found = citation()
    assert found["license"] == "BSD-3-Clause"
    assert found["authors"] == ["The femurfe developers"]
    assert [one["title"] for one in found["references"]] == ["musculoskeletal-models"]


def test_every_source_that_names_a_year_is_an_entry_once_with_a_key_of_its_own():
    sources = [
        "Reilly & Burstein 1975, J Biomech 8:393", "Reilly, Burstein & Frankel 1975, 100 % {odd} A_B",
        "common values", "Reilly & Burstein 1975, J Biomech 8:393",
    ]  # fmt: skip
    text = bibtex(sources, "9.9", shape_model=True)
    keys = re.findall(r"@\w+\{([^,]+),", text)
    assert len(set(keys)) == len(keys)
    assert {"femurfe", "erdemir2012", "zienkiewicz1987", "reilly1975", "reilly1975-2"} <= set(keys)
    assert "version = {9.9}" in text
    assert r"100 \% \{odd\} A\_B" in text
    assert "common values" not in text
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")


def test_the_shape_model_is_cited_only_where_the_bone_comes_from_it():
    assert "musculoskeletal" not in bibtex([], "1", shape_model=False)
