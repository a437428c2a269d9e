"""Where the files are that stand at the top of the project: `wsgi.py`, `gunicorn.conf.py` and `migrations/`."""

from pathlib import Path

TOPLEVEL = "toplevel_files"
"""The directory below this package into which a wheel puts them."""


def toplevel() -> Path:
    """Their directory: the checkout's, or the one below this package into which a wheel puts them."""
    package = Path(__file__).parent
    packaged = package / TOPLEVEL
    return packaged if packaged.is_dir() else package.parent
