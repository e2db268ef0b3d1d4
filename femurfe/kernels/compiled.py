"""The one way in which kernels are compiled: kept on disk where possible, never at the cost of a run.

A kept kernel that is damaged, out of date or cannot be read counts as absent; where nothing
can be written, nothing is kept. Beyond what Numba checks, an entry holds its own key, stamp
and checksum, the compilation's options are part of the key, and the sources of all kernel modules
that a module imports are part of its stamp, since their code is built into it.
"""

from __future__ import annotations

import inspect
import logging
import pickle
import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numba as nb
from numba.core.caching import FunctionCache, IndexDataCacheFile

from femurfe.kernels.parts import Parts

HERE = Path(__file__).parent
IMPORTS = re.compile(r"femurfe\.kernels\.(\w+)|from femurfe\.kernels import ([\w, ]+)")
T = TypeVar("T")
_log = logging.getLogger(__name__)


def kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Compile a function with Numba, without Python's lock, and keep the result on disk.

    Parameters
    ----------
    function : what to compile; left out in ``@kernel(parallel=True)``.
    options : of ``numba.njit``, such as ``parallel`` and ``fastmath``. Kernels with ``parallel``
        hold Python's lock: not every threading layer of Numba bears two callers.
    """
    if function is None:
        return lambda function: kernel(function, **options)
    compiled = nb.njit(nogil=not options.get("parallel", False), no_cfunc_wrapper=True, **options)(function)
    if not hasattr(compiled, "_cache"):
        return compiled
    parts = Parts(compiled)
    compiled.get_call_template, compiled.get_overload = parts.template, parts.key
    kept = _attempt("no place to keep kernels", lambda: KernelCache(function, options))
    if kept is not None:
        compiled._cache = kept
    return compiled


def _attempt(message: str, action: Callable[[], T]) -> T | None:
    """What an action gives, or None and a line in the log of what went wrong."""
    try:
        return action()
    except Exception:  # noqa: BLE001 - damaged pickles raise anything
        _log.debug("%s", message, exc_info=True)
        return None


class KernelFile(IndexDataCacheFile):  # type: ignore[misc]
    """Numba's files of one kernel, with checksum, key and stamp in each; damage reads as absence."""

    def save(self, key: Any, data: Any) -> None:
        """Write an entry together with its key and stamp."""
        super().save(key, (key, self._source_stamp, data))

    def load(self, key: Any) -> Any:
        """The entry of a key, or None; two processes may have written under one name."""
        entry = super().load(key)
        return entry[2] if entry is not None and entry[:2] == (key, self._source_stamp) else None

    def _load_index(self) -> Any:
        index = _attempt(f"index set aside: {self._index_path}", super()._load_index)
        return index if isinstance(index, dict) else {}

    def _save_data(self, name: str, data: Any) -> None:
        body = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(sha256(body).digest() + body)

    def _load_data(self, name: str) -> Any:
        content = Path(self._data_path(name)).read_bytes()
        if sha256(content[32:]).digest() != content[:32]:
            message = "checksum does not match"
            raise OSError(message)
        return pickle.loads(content[32:])


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's store of one kernel; whatever fails in it counts as a miss.

    Parameters
    ----------
    function : the kernel.
    options : of its compilation, which Numba leaves out of the key.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__(function)
        self._options = tuple(sorted(options.items()))
        stamp = (self._impl.locator.get_source_stamp(), digest(Path(inspect.getfile(function))))
        self._cache_file = KernelFile(self.cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled kernel of a signature, or None."""
        load = super().load_overload
        return _attempt(f"not loaded: {self!r}", lambda: load(sig, target_context))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel if that is possible."""
        save = super().save_overload
        _attempt(f"not kept: {self!r}", lambda: save(sig, data))

    def holds(self, sig: Any, target_context: Any) -> bool:
        """Whether a kernel of a signature is kept, to judge by its index."""
        return self._index_key(sig, target_context.codegen()) in self._cache_file._load_index()

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), self._options)


@cache
def digest(source: Path) -> str:
    """Digest of a module's source and of all kernel modules that it imports, near and far."""
    texts: dict[Path, bytes] = {}
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path in texts or not path.is_file():
            continue
        texts[path] = path.read_bytes()
        for one, several in IMPORTS.findall(texts[path].decode()):
            names = (one or several).replace(",", " ").split()
            waiting += [HERE / f"{name}.py" for name in names]
    parts = [path.name.encode() + sha256(texts[path]).digest() for path in sorted(texts)]
    return sha256(b"".join(parts)).hexdigest()
