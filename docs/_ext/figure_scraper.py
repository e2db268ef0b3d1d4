"""Pictures of the gallery: every matplotlib figure that an example has made, once."""

from typing import Any

from sphinx_gallery.scrapers import figure_rst

WIDEST = 7.2  # inches, of what the page shows without scaling
SEEN = "__figures_shown__"


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the new figures among an example's names and return the markup that shows them."""
    from matplotlib.figure import Figure

    del block
    names = block_vars["example_globals"]
    seen = names.setdefault(SEEN, [])
    paths = []
    for value in list(names.values()):
        if isinstance(value, Figure) and all(value is not other for other in seen):
            seen.append(value)
            path = str(next(block_vars["image_path_iterator"]))
            value.savefig(path, dpi=200 if value.get_figwidth() < WIDEST else 160)
            paths.append(path)
    return str(figure_rst(paths, gallery_conf["src_dir"]))
