"""Which worker of a cluster made which mesh last, so that cases of one mesh go where it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class Homes:
    """Where cases were sent. A wish alone: a cluster may move them, at the cost of another mesh."""

    def __init__(self) -> None:
        self._sent: dict[str, str] = {}
        self._last: dict[str, str] = {}

    def idle(self, workers: Mapping[str, int]) -> list[str]:
        """The last mesh of each free thread, or ``""``; as many as threads are left in all.

        Parameters
        ----------
        workers : threads by address.
        """
        out = []
        for address, n_free in self._free(workers).items():
            out += [self._last.get(address, "")] + [""] * (n_free - 1)
        return out[: max(sum(workers.values()) - len(self._sent), 0)]

    def _free(self, workers: Mapping[str, int]) -> dict[str, int]:
        """Free threads by address, where there are any."""
        busy = Counter(self._sent.values())
        free = {address: n - busy[address] for address, n in workers.items()}
        return {address: n for address, n in free.items() if n > 0}

    def send(self, key: str, mesh: str, last_mesh: str, workers: Mapping[str, int]) -> str | None:
        """The address for a case: a free worker whose last mesh that is, or any; None without one."""
        free = list(self._free(workers))
        wanted = [address for address in free if self._last.get(address, "") == last_mesh]
        address = next(iter(wanted or free), "")
        self._sent[key] = address
        if not address:
            return None
        self._last[address] = mesh
        return address

    def done(self, key: str) -> None:
        """The case has ended."""
        self._sent.pop(key, None)
