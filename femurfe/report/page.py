"""From contexts to HTML: templates that escape, styles and scripts that a page allows by their hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _template(name: str) -> str:
    return files("femurfe.report").joinpath("templates", name).read_text(encoding="utf-8")


def _allowed(text: str) -> str:
    """The source of a content security policy that allows one text and no other."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def render(template: str, context: Mapping[str, Any], *, connect: str = "'none'") -> str:
    """A page that loads nothing and runs nothing but its own script.

    Parameters
    ----------
    template : name of a file beside this package's templates.
    context : what it shows; every text of it is escaped.
    connect : where the page may send requests to; nowhere if left out.
    """
    from markupsafe import Markup

    style = _template("style.css")
    script = "\n".join(_template(name) for name in ("scene.js", "controls.js", "copy.js"))
    policy = (
        f"default-src 'none'; img-src data:; style-src {_allowed(style)}; script-src {_allowed(script)}; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'"
    )
    own = {"policy": policy, "style": Markup(style), "script": Markup(script)}
    return _environment().get_template(template).render({**context, **own})
