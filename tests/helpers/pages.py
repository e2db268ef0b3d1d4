"""What an HTML page holds, by Python's own parser."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input", "br", "hr", "rect", "line"}


class Page(HTMLParser):
    """Elements as (tag, attributes), texts of elements by tag, and whether tags are closed in order."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open, self.faults = [], [], [], []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
            return
        self.open.pop()

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, *tags):
        """Attributes of all elements of these tags."""
        return [attributes for tag, attributes in self.elements if tag in tags]

    def text(self, *tags):
        """Texts directly within elements of these tags, or all that is read, joined by blanks."""
        chosen = [
            text for tag, text in self.texts if (tag in tags if tags else tag not in ("script", "style"))
        ]
        return re.sub(r"[ \t\r\n]+", " ", " ".join(chosen))
