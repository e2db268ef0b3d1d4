"""Formulas as MathML, which browsers draw themselves: no script, and no request to other machines."""

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx


def _mathml(text: str, *, block: bool) -> str:
    """The markup of one formula; several lines become an aligned environment."""
    if block and (r"\\" in text or "&" in text) and r"\begin" not in text:
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    return str(tex2mathml(text.strip(), as_block=block))


def inline(translator: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(_mathml(node.astext(), block=False))
    raise nodes.SkipNode


def display(translator: Any, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    identifier = f' id="{node["ids"][0]}"' if node.get("ids") else ""
    markup = _mathml(node.astext(), block=True)
    translator.body.append(f'<div class="math-block" role="math"{identifier}>{markup}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
