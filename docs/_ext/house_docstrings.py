"""The package's docstrings as numpydoc knows them, and links to what they name.

The package writes ``name : what it is; other : what that is`` where numpydoc has a type after
the colon; types stand in the signatures.
"""

import re
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) : (.*)$")
NEXT = re.compile(r"; (?=\w+(?:, \w+)* : )")
SECTIONS = {"Parameters", "Attributes", "Raises"}


def rewrite(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Turn the sections of one docstring into what napoleon reads."""
    del app, what, name, obj, options
    out: list[str] = []
    i = 0
    while i < len(lines):
        if lines[i] in SECTIONS and i + 1 < len(lines) and set(lines[i + 1]) == {"-"}:
            stop = _end(lines, i + 2)
            make = _raises if lines[i] == "Raises" else _entries
            out += [lines[i], lines[i + 1], *make(lines[i + 2 : stop]), ""]
            i = stop
        else:
            out.append(lines[i])
            i += 1
    lines[:] = out


def _end(lines: list[str], start: int) -> int:
    """Where the section that starts here ends: before the next underlined title, or at the end."""
    for i in range(start, len(lines) - 1):
        if lines[i + 1] and set(lines[i + 1]) == {"-"} and not lines[i].startswith(" "):
            return i
    return len(lines)


def _entries(lines: list[str]) -> list[str]:
    """Names alone on their line, what they are below; several on a line apart."""
    text: list[str] = []
    for line in lines:
        if line.startswith(" ") and text:
            text[-1] += " " + line.strip()
        elif line.strip():
            joins = bool(text) and text[-1].endswith(",") and " : " not in text[-1]
            text[-1:] = [f"{text[-1]} {line.strip()}"] if joins else [*text[-1:], line.strip()]
    out: list[str] = []
    for entry in (part for whole in text for part in NEXT.split(whole)):
        match = ENTRY.match(entry)
        names = match[1].split(", ") if match else [entry]
        out += [line for name in names for line in (name, f"    {match[2]}" if match else "")]
    return out


def _raises(lines: list[str]) -> list[str]:
    """Each error with the text that it shares with others."""
    out: list[str] = []
    waiting: list[str] = []
    text: list[str] = []
    for line in [*lines, "END"]:
        if line.startswith(" "):
            text.append(line)
        elif line.strip():
            if waiting and (text or line == "END"):
                out += [part for error in waiting for part in (error, *text)]
                waiting, text = [], []
            waiting += [name.strip() for name in line.split(",") if name.strip()]
    return out


def find(app: Sphinx, env: Any, node: Any, contnode: nodes.Node) -> nodes.Node | None:
    """A Python name by its last part, where the place it is imported from differs from its home."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    parts = target.split(".")
    ends = [".".join(parts[-2:]), parts[-1]] if len(parts) > 1 else [target]
    objects = env.get_domain("py").objects
    for end in ends:
        hits = {entry.node_id: entry for name, entry in objects.items() if name.endswith("." + end)}
        places = sorted({(entry.docname, entry.node_id) for entry in hits.values() if not entry.aliased})
        if places and (len(places) == 1 or len(ends) == 1):
            docname, node_id = places[0]
            return make_refnode(app.builder, node["refdoc"], docname, node_id, contnode, target)
    return contnode if _exists(parts) else None


def _exists(parts: list[str]) -> bool:
    """Whether the package has such a name, without a page of its own: no link, but no mistake either."""
    loaded = [module for name, module in sorted(sys.modules.items()) if name.split(".")[0] == "femurfe"]
    if parts[0] == "femurfe":
        with suppress(ImportError):
            loaded.append(import_module(".".join(parts[:-1])))
    owners = [getattr(module, parts[-2], None) for module in loaded] if len(parts) > 1 else []
    return any(parts[-1] in vars(owner) for owner in (*loaded, *owners) if hasattr(owner, "__dict__"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Rewrite docstrings before napoleon does."""
    app.connect("autodoc-process-docstring", rewrite, priority=100)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
