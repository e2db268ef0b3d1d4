"""Check a built site: every link within it leads somewhere, and no page asks another machine for anything.

`python docs/check_site.py FOLDER`
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links, files and names of one tag."""
        found = {name: value for name, value in attrs if value}
        self.places |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and "stylesheet" in found.get("rel", ""):
            self.loads.append(found.get("href", ""))
        if LOADED.get(tag) in found:
            self.loads.append(found[LOADED[tag]])


def faults(folder: Path) -> list[str]:
    """What is wrong, one line each: page, link, why."""
    pages = {
        path.resolve(): Page(path) for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts
    }
    out = [] if pages else [f"{folder} holds no pages"]
    for path, page in pages.items():
        name = path.relative_to(folder.resolve())
        out += [f"{name}: asks for {url}" for url in page.loads if urlsplit(url).netloc]
        for url in [*page.links, *page.loads]:
            fault = _fault(path, url, pages)
            out += [f"{name}: {url} {fault}"] if fault else []
    return out


def _fault(path: Path, url: str, pages: dict[Path, Page]) -> str:
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target = target / "index.html"
    if not target.exists():
        return "leads nowhere"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].places:
        return "names a place that is not there"
    return ""


if __name__ == "__main__":
    found = faults(Path(sys.argv[1]))
    print("\n".join(found) or "all links lead somewhere, nothing is asked of other machines")
    sys.exit(1 if found else 0)
