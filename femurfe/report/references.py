"""BibTeX of femurfe, of the sources of materials and loads, and of the guideline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from femurfe import paths
from femurfe.errors import UnreadableFile

GUIDELINE = (
    "Erdemir A, Guess TM, Halloran J, Tadepalli SC, Morrison TM (2012). Considerations for reporting "
    "finite element analysis studies in biomechanics. Journal of Biomechanics 45(4):625-633, "
    "doi:10.1016/j.jbiomech.2011.11.038"
)
_FIXED = """@article{erdemir2012,
  author = {Erdemir, Ahmet and Guess, Trent M. and Halloran, Jason and Tadepalli, Srinivas C. and Morrison, Tina M.},
  title = {Considerations for reporting finite element analysis studies in biomechanics},
  journal = {Journal of Biomechanics},
  volume = {45},
  number = {4},
  pages = {625--633},
  year = {2012},
  doi = {10.1016/j.jbiomech.2011.11.038}
}"""  # noqa: E501
_ERROR = """@article{zienkiewicz1987,
  author = {Zienkiewicz, O. C. and Zhu, J. Z.},
  title = {A simple error estimator and adaptive procedure for practical engineering analysis},
  journal = {International Journal for Numerical Methods in Engineering},
  volume = {24},
  number = {2},
  pages = {337--357},
  year = {1987},
  doi = {10.1002/nme.1620240206}
}"""
_ESCAPES = str.maketrans({"\\": r"\textbackslash{}", **{c: rf"\{c}" for c in "{}&%$#_"}})
_LINE = re.compile(r"^(?P<blank>\s*)(?P<dash>- )?(?P<key>[\w-]+):(?: +(?P<value>.*))?$")


# An author's name, what may stand between it and a year, and the year.
_NAMED = re.compile(r"([A-Z][A-Za-z'-]+)(?:\s*(?:[&,]|and|et al\.?|[A-Z][\w'-]*))*,?\s+((?:18|19|20)\d\d)\b")


def citation() -> dict[str, Any]:
    """Title, version, licence and authors of femurfe, and of what it builds on, from CITATION.cff.

    Only the part of YAML that the file uses is read: keys, texts, and lists of either.

    Raises
    ------
    UnreadableFile
        If a line is of another form.
    """
    out: dict[str, Any] = {"authors": [], "references": []}
    into: dict[str, Any] = out
    section = ""
    for line in paths.citation().read_text(encoding="utf-8").splitlines():
        if not line.strip() or re.fullmatch(r"\s+- [^:]+", line):
            continue
        found = _LINE.match(line)
        if found is None:
            message = f"CITATION.cff has a line of a form that is not read: {line!r}"
            raise UnreadableFile(message, code="E-FILE-CITATION")
        depth, key = len(found["blank"]), found["key"]
        value = (found["value"] or "").strip().strip('"')
        if depth == 0:
            section, into = key, out
        if section == "references" and found["dash"] and depth == 2:
            into = {"authors": []}
            out["references"].append(into)
        if key == "name":
            into["authors"].append(value)
        elif value:
            into[key] = value
    return out


def _key(text: str, taken: set[str]) -> str:
    found = _NAMED.search(text)
    key = base = f"{found[1]}{found[2]}".lower() if found else re.sub(r"\W+", "", text.lower())[:20]
    number = 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    taken.add(key)
    return key


def escaped(text: str) -> str:
    """A text with what BibTeX or LaTeX would take for commands escaped."""
    return str(text.translate(_ESCAPES))


def _software(about: Mapping[str, Any], taken: set[str], version: str = "") -> str:
    fields = {
        "author": " and ".join(f"{{{escaped(name)}}}" for name in about["authors"]),
        "title": f"{{{escaped(about['title'])}}}", "version": escaped(version or about.get("version", "")),
        "url": about.get("url", ""), "note": escaped(about.get("notes", about.get("license", ""))),
    }  # fmt: skip
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@software{{{_key(about['title'].partition(':')[0], taken)},\n" + ",\n".join(lines) + "\n}"


def bibtex(sources: Iterable[str], version: str, *, shape_model: bool) -> str:
    """Entries of femurfe, the guideline, the error estimate, and every source, each once.

    Parameters
    ----------
    sources : texts of the material library and the load library; those that name no year are left out.
    version : of femurfe that made the results.
    shape_model : whether the bone comes from the shape model.
    """
    about, taken = citation(), {"erdemir2012", "zienkiewicz1987"}
    entries = [_software(about, taken, version)]
    if shape_model:
        entries += [_software(one, taken) for one in about["references"]]
    entries += [_ERROR, _FIXED]
    for source in dict.fromkeys(source for source in sources if _NAMED.search(source)):
        entries.append(f"@misc{{{_key(source, taken)},\n  note = {{{escaped(source)}}}\n}}")
    return "\n\n".join(entries)
