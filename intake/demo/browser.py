"""A browser's part as the demo needs it: follow pages, find a form, fill it in, send it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx


class PageError(RuntimeError):
    """The site answered otherwise than the demo expects."""


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, and the hidden fields that it carries."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Browser:
    """A client with cookies that sends forms as a browser without JavaScript would."""

    def __init__(self, site: str) -> None:
        self._client = httpx.Client(base_url=site, follow_redirects=True, trust_env=False, timeout=60)
        self._page: httpx.Response | None = None

    def open(self, path: str) -> None:
        """Load a page."""
        self._take(self._client.build_request("GET", path))

    def send(self, names: str, values: Mapping[str, str | list[str]]) -> None:
        """Fill in and send the form of the current page that goes to an address ending in `names`."""
        form = next((form for form in self.forms if form.action.endswith(names)), None)
        if form is None:
            raise PageError(f"there is no form for {names} on {self.path}")
        unknown = values.keys() - form.names
        if unknown:
            raise PageError(f"the form for {names} does not ask for {', '.join(sorted(unknown))}")
        content = urlencode({**form.hidden, **values}, doseq=True)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._take(self._client.build_request("POST", form.action, content=content, headers=headers))

    @property
    def path(self) -> str:
        """Where the current page is."""
        return self._page.url.path if self._page else ""

    @property
    def forms(self) -> list[Form]:
        """The forms of the current page."""
        reader = _FormReader(self.path)
        reader.feed(self._page.text if self._page else "")
        return reader.forms

    def close(self) -> None:
        """Forget everything."""
        self._client.close()

    def _take(self, request: httpx.Request) -> None:
        try:
            page = self._client.send(request)
        except httpx.HTTPError as error:
            raise PageError(f"the source site does not answer ({type(error).__name__})") from error
        if page.status_code != httpx.codes.OK:
            raise PageError(f"{page.url.path} answered {page.status_code}")
        self._page = page


class _FormReader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._path = path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.forms.append(Form(values.get("action") or self._path))
        name = values.get("name")
        if tag not in ("input", "textarea", "select") or name is None or not self.forms:
            return
        if values.get("type") == "hidden":
            self.forms[-1].hidden[name] = values.get("value") or ""
        else:
            self.forms[-1].names.add(name)
