"""Sphinx configuration: `python -m sphinx -W --keep-going -n docs docs/_build/html`."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ.setdefault("MPLBACKEND", "agg")

import femurfe  # noqa: E402

project = "femurfe"
author = "femurfe contributors"
project_copyright = author
release = version = femurfe.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "house_docstrings",
    "commands",
    "catalogues",
    "mathml",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "gallery/README.rst", "gallery/*.py", "CHANGELOG.md", "auto_gallery/*.ipynb"]
default_role = "py:obj"
html_math_renderer = "mathml"

myst_enable_extensions = ["dollarmath", "deflist", "attrs_inline", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
autosummary_generate = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
toc_object_entries = False

# Names that no page of this site explains: Python's, NumPy's, and those of other packages.
nitpick_ignore_regex = [
    (r"py:.*", r"(numpy|np|npt|scipy|pandas|xarray|matplotlib|pyvista|pydantic)\..*"),
    (r"py:.*", r"(collections|typing|pathlib)\..*"),
    (r"py:.*", r"(Any|Literal|Callable|Mapping|Sequence|Iterator|Iterable|Path|Figure|NDArray|ArrayLike)"),
    (r"py:.*", r"(optional|default|function|callable|iterable|mapping|array_like|ABC|abc\.ABC|types\..*)"),
    (r"py:.*", r"(os\.PathLike|NoneType|FieldInfo|_PydanticGeneralMetadata|annotated_types\..*|enum\..*)"),
    (r"py:class", r"femurfe\.study\.schema(_model)?\..*"),  # their keys stand on the page of the study file
]

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("figure_scraper.scrape",),
    "reset_modules": (),
    "capture_repr": (),
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "plot_gallery": "True",
    "min_reported_time": 1000,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "femurfe"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
}
html_sidebars = {name: [] for name in ("index", "first_steps", "concepts", "credibility", "changelog")}
