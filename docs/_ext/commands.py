"""A directive that writes the command line's reference from the application itself."""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, those of groups after the group."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from leaves(child, (*path, name))


def lines_of(path: tuple[str, ...], command: Any) -> Iterator[str]:
    """The text of one command: what it does, its arguments, its options."""
    name = " ".join(path)
    yield from (name, "=" * len(name), "", f".. program:: {name}", "")
    yield from ((command.help or "").replace("\b", "").splitlines() or [""])
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    words = [_word(a) for a in arguments] + (["COMMAND"] if getattr(command, "commands", None) else [])
    yield from (
        "",
        ".. code-block:: text",
        "",
        " ".join(["  ", name, *(["[OPTIONS]"] if options else []), *words]),
        "",
    )
    for argument in arguments:
        yield from (f".. option:: {_word(argument)}", "", f"   {_help(argument)}", "")
    for option in options:
        value = "" if option.is_flag else f" <{_kind(option)}>"
        names = ", ".join(f"{o}{value}" for o in (*option.opts, *option.secondary_opts))
        yield from (f".. option:: {names}", "", f"   {_help(option)}", "")


def _word(argument: Any) -> str:
    word = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return word if argument.required else f"[{word}]"


def _kind(option: Any) -> str:
    """The kind of value: typer before 0.29 has ``type``, later ones a descriptor."""
    described = getattr(option, "type_descriptor", None)
    name = described.annotation.__name__ if described else option.type.name
    words = {"int": "integer", "str": "text", "Path": "path"}
    return words.get(name, str(name).lower()).replace(" range", "")


def _help(parameter: Any) -> str:
    text = " ".join((getattr(parameter, "help", None) or "").split())
    default = parameter.default
    shown = default is not None and default != () and not callable(default)
    plain = isinstance(default, str | int | float) and not isinstance(default, bool)
    extra = (
        f" Default: ``{default}``." if shown and plain and "[default" not in text and default != "" else ""
    )
    limits = parameter if hasattr(parameter, "min") else parameter.type
    least, most = getattr(limits, "min", None), getattr(limits, "max", None)
    bounds = f" At least {least}." if least is not None else ""
    bounds += f" At most {most}." if most is not None else ""
    return (text.replace("*", r"\*") + bounds + extra) or "No more is said."


class Commands(SphinxDirective):
    """Writes a section for each command of the application."""

    def run(self) -> list[nodes.Node]:
        """Parse what `lines_of` gives as if it stood in the page."""
        import typer

        from femurfe.cli import app

        text = [
            line
            for path, c in leaves(typer.main.get_command(app), ("femurfe",))
            for line in lines_of(path, c)
        ]
        root = nodes.section()
        root.document = self.state.document
        nested_parse_with_titles(self.state, StringList(text, "femurfe.cli"), root)
        return root.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the directive ``femurfe-commands``."""
    app.add_directive("femurfe-commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
