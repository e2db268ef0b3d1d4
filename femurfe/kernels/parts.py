"""Kernels that other kernels call: built into the caller, never on their own.

Numba makes of every function that compiled code calls a whole library, with two ways into it from
Python, optimised and turned into machine code, although the caller takes its code in and
optimises it again. A part is left as it comes from typing, and is optimised once, where it is used.
"""

from __future__ import annotations

from typing import Any

from numba.core import compiler, typing
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.event import trigger_event


class PartLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Code that waits to be linked into other code."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        """Take in what this code calls; optimise nothing and emit nothing."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            if hasattr(self, "_reload_init"):  # not in Numba 0.61
                self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


class Parts:
    """What a kernel is to other kernels: one part for each signature.

    Parameters
    ----------
    dispatcher : Numba's of the kernel; its calls from compiled code come here.
    """

    def __init__(self, dispatcher: Any) -> None:
        self.dispatcher = dispatcher
        self.results: dict[tuple[Any, ...], Any] = {}
        self._keys: dict[tuple[Any, ...], object] = {}

    def template(self, args: Any, kws: Any) -> tuple[Any, Any, Any, dict[str, Any]]:
        """What `Dispatcher.get_call_template` gives."""
        signature, folded = self.dispatcher._compiler.fold_argument_types(args, kws)
        self._compile(tuple(folded))
        name = self.dispatcher.py_func.__name__
        signatures = [result.signature for result in self.results.values()]
        template = typing.make_concrete_template(f"CallTemplate({name})", key=name, signatures=signatures)
        return template, signature, folded, {}

    def key(self, args: Any) -> object:
        """What `Dispatcher.get_overload` gives: by which the target knows the code."""
        return self._keys[tuple(args)]

    @global_compiler_lock  # type: ignore[untyped-decorator]
    def _compile(self, args: tuple[Any, ...]) -> None:
        if args in self.results:
            return
        target = self.dispatcher.targetctx
        library = PartLibrary(target.codegen(), self.dispatcher.py_func.__qualname__)
        details = {"dispatcher": self.dispatcher, "args": args, "return_type": None}
        with trigger_event("numba:compile", data=details):
            result = compiler.compile_extra(
                self.dispatcher.typingctx, target, self.dispatcher.py_func, args, None, self._flags(), {},
                library=library,
            )  # fmt: skip
        key = object()
        target.insert_user_function(key, result.fndesc, [library])
        self.results[args], self._keys[args] = result, key

    def _flags(self) -> Any:
        flags = compiler.Flags()
        self.dispatcher.targetdescr.options.parse_as_flags(flags, self.dispatcher.targetoptions)
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        return flags
