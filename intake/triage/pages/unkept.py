"""What is typed into forms: Chromium would write it to the disk, unsealed, for going back and for its next start."""

from jinja2.ext import Extension


class UnkeptForms(Extension):
    """Every form of every template asks browsers to keep nothing of it (HTML, 4.10.19.7.3)."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - its names there
        """A template as it is written, with that in each of its forms."""
        return source.replace("<form ", '<form autocomplete="off" ')
