"""The 3-D scenes of results in a browser: a server for this machine alone, behind a secret in its address."""

from __future__ import annotations

import hmac
import secrets
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from femurfe.errors import FemurfeError, UnreadableFile
from femurfe.report.folder import read_folder
from femurfe.report.page import render
from femurfe.report.run import scene_of
from femurfe.study.provenance import versions
from femurfe.study.store import MARK

LOOPBACK = "127.0.0.1"
BUDGET = 500_000_000
KEPT = 3


def cases_in(folder: Path) -> dict[str, Path]:
    """The results of runs by name: the folder itself, or those directly in it.

    Raises
    ------
    UnreadableFile
        If there is none.
    """
    if (folder / MARK).is_file():
        return {folder.resolve().name: folder}
    inner = sorted(folder.iterdir()) if folder.is_dir() else []
    found = {path.name: path for path in inner if (path / MARK).is_file()}
    if not found:
        message = f"{str(folder)!r} holds no results of a run, nor does a folder directly in it: no {MARK}"
        raise UnreadableFile(message, code="E-FILE-RESULTS")
    return found


class Viewer:
    """A server of scenes that only this machine reaches.

    Parameters
    ----------
    folder : results of a run, or a folder of such.
    port : to listen on; a free one if 0.

    Attributes
    ----------
    url : of its page, with the secret without which nothing is answered.

    Raises
    ------
    UnreadableFile
        If the folder holds no results.
    FemurfeError
        If the port is taken.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._cases = cases_in(folder)
        self._secret = secrets.token_urlsafe(24)
        self._page = lru_cache(KEPT)(self._rendered)
        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), _handler(self))
        except OSError as error:
            refused = f"port {port} of {LOOPBACK} cannot be listened on: {error.strerror}"
            message = f"{refused}; leave it out for a free one"
            raise FemurfeError(message, code="E-VIEW-PORT") from error
        self.port = int(self._server.server_address[1])
        self.url = f"http://{LOOPBACK}:{self.port}/{self._secret}/"

    def serve(self) -> None:
        """Answer until ``close`` is called from another thread."""
        self._server.serve_forever()

    def close(self) -> None:
        """Stop answering, and let the port go."""
        self._server.shutdown()
        self._server.server_close()

    def page(self, host: str, path: str) -> str | None:
        """The page at a path, None if there is none or the asker does not know the secret.

        Parameters
        ----------
        host : that the asker believes to speak to; another name than this machine's is refused, as
            pages of strangers could come by it.
        """
        if host not in (f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"):
            return None
        secret, _, rest = path.partition("?")[0].removeprefix("/").partition("/")
        if not hmac.compare_digest(secret.encode(), self._secret.encode()):
            return None
        number = int(rest) if rest.isascii() and rest.isdigit() and len(rest) < 7 else 0 if rest == "" else -1
        return self._page(number) if 0 <= number < len(self._cases) else None

    def _rendered(self, number: int) -> str:
        name, place = list(self._cases.items())[number]
        title, scene, lack = name, None, ""
        try:
            folder = read_folder(place)
            title = folder.summary["title"] or name
            scene, lack = scene_of(folder, BUDGET)
        except FemurfeError as error:
            lack = str(error)
        context: dict[str, Any] = {
            "title": title, "name": name, "subtitle": f"Case {name}", "femurfe": versions()["femurfe"],
            "sections": (), "cases": list(self._cases), "number": number, "scene_data": scene,
            "scene_lack": lack,
        }  # fmt: skip
        return render("view.html", context)


def _handler(viewer: Viewer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers with pages of the viewer, and with nothing else."""

        def do_GET(self) -> None:
            page = viewer.page(self.headers.get("Host", ""), self.path)
            if page is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            data = page.encode("utf-8")
            self.send_response(HTTPStatus.OK)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(data))),
                ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            ):  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    return Handler
