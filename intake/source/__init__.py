"""The site for sources: guidance, a codename, the report, what follows, and the replies. No JavaScript, one cookie."""

from intake.server import open_server
from intake.source.app import create_app

__all__ = ["create_app", "open_server"]
