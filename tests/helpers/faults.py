"""Trying out what is wrong: either a typed refusal, or an answer with its warnings."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import femurfe as ff


@dataclass
class Outcome:
    """What came of a call: a value or femurfe's refusal, and the codes and texts of its warnings."""

    value: Any = None
    error: ff.FemurfeError | None = None
    warnings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def codes(self):
        """The codes of the warnings."""
        return {code for code, _ in self.warnings}


def tried(call):
    """The outcome of a call; any error that is not femurfe's goes on and fails the test."""
    out = Outcome()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            out.value = call()
        except ff.FemurfeError as error:
            out.error = error
    out.warnings = [
        (w.message.code, w.message.message) for w in caught if isinstance(w.message, ff.FemurfeWarning)
    ]
    return out


def assert_refused(call, code, *words):
    """The call is refused with that code in one line that holds the words."""
    out = tried(call)
    assert out.error is not None, f"accepted: {out.value!r}"
    text = str(out.error)
    assert out.error.code == code, f"{out.error.code}: {text}"
    assert "\n" not in text
    for word in words:
        assert word in text, text


def assert_warned(call, code, *words):
    """The call gives a value and a warning of that code whose text holds the words; the value."""
    out = tried(call)
    assert out.error is None, out.error
    texts = [text for found, text in out.warnings if found == code]
    assert texts, out.warnings
    for word in words:
        assert any(word in text for text in texts), texts
    return out.value
