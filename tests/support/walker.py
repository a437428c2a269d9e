"""Somebody who goes through every page of the source site at the level of bytes, and notes how long each answer is."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from socket import socket

from visitor import FORM, Answer, Visitor, head

MULTIPART = "multipart/form-data; boundary=b"

_WORDS = re.compile(r'<ol class="codename".*?</ol>', re.DOTALL)
_ITEM = re.compile(r"<li>([^<]+)</li>")
_ASKED = re.compile(r'<label for="(?:first|second)">\D*(\d+)\D*</label>')


@dataclass(frozen=True, slots=True)
class Measured:
    """An answer: to what, and how long it was, in bytes, with its head."""

    method: str
    path: str
    status: int
    size: int


class Walker(Visitor):
    """A visitor in one language. What is to be filled in is taken from the page that is being shown."""

    def __init__(self, connect: Callable[[], socket], language: str) -> None:
        super().__init__(connect)
        self.start = f"/{language}"
        self.measured: list[Measured] = []

    @property
    def page(self) -> Answer:
        """What is being shown."""
        return self.answers[-1]

    def send(self, path: str, request: bytes) -> Answer:
        """Send these bytes, and note how long the answer is."""
        # Noted before a redirect is followed, which comes back here.
        place = len(self.answers)
        shown = super().send(path, request)
        answer = self.answers[place]
        method = request.split(b" ", 1)[0].decode()
        self.measured.append(Measured(method, path, answer.status, answer.size))
        return shown

    def open(self, path: str) -> Answer:
        """A page of this language."""
        return self.get(self.start + path)

    def press(self, action: str, **values: str) -> Answer:
        """Send a form of the page that is being shown."""
        return self.submit(self.start + action, **values)

    def begin(self) -> list[str]:
        """From the first page to the eight words."""
        self.open("/")
        return self.words(self.press("/words"))

    def words(self, page: Answer) -> list[str]:
        """The eight words on a page."""
        shown = _WORDS.search(page.text)
        assert shown, f"{page.path} shows no words, but status {page.status}"
        return [unescape(word) for word in _ITEM.findall(shown[0])]

    def asked(self, words: list[str]) -> dict[str, str]:
        """The two words that the page asks for."""
        # In whichever digits.
        first, second = (words[int(position) - 1] for position in _ASKED.findall(self.page.text))
        return {"first": first, "second": second}

    def report(self, narrative: str = "Two men came.", **values: str) -> str:
        """From the first page to "your report has arrived"; the eight words."""
        words = self.begin()
        self.open("/report")
        assert self.press("/report", narrative=narrative, **values).path == f"{self.start}/tip"
        return " ".join(words)

    def send_file(self, content: bytes, **values: str) -> Answer:
        """Send the form with files, which is being shown, with one file in it."""
        action = f"{self.start}/tip/file"
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {**self.page.hidden(action), **values}.items()
        ]
        start = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        return self.post_bytes(action, f"{''.join(parts)}{start}".encode() + content + b"\r\n--b--\r\n", MULTIPART)

    def send_from_elsewhere(self, path: str) -> Answer:
        """Send a form as a page of another site would."""
        return self.send(path, head(path, self.cookies, FORM, 0, "Sec-Fetch-Site: cross-site"))


def table(walked: Iterable[Measured], named: Callable[[Measured], str], sizes: Mapping[int, str]) -> str:
    """How many answers of each size there were, a line for each kind of answer; `sizes` are those with a name."""
    counted = Counter((named(each), each.status, each.size) for each in walked)
    lines = [
        f"{count:6} × {size:9,} B  {sizes.get(size, 'another size'):12}  {status}  {name}"
        for (name, status, size), count in sorted(counted.items())
    ]
    return "\n".join(lines)
