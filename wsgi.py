"""What gunicorn serves: `wsgi:source` or `wsgi:desk`. Asking for one does not open the other."""

from importlib import import_module
from typing import cast

from flask import Flask

from intake import settings
from intake.serving.start import Application, require_held


def __getattr__(name: str) -> Flask:
    if name not in set(Application):
        raise AttributeError(name)
    require_held(name)
    part = import_module(f"intake.{name}")
    return cast(Flask, part.create_app(part.open_server(settings.load())))
