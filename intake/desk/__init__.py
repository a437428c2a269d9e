"""The API for reviewers and auditors: every request signed, every read in the access log before it is answered."""

from intake.desk.app import create_app
from intake.keeper import open_declared as open_server

__all__ = ["create_app", "open_server"]
