"""What `gunicorn wsgi:source` and `gunicorn wsgi:desk` find in this directory: the settings of a wheel as well."""

from intake.serving.gunicorn_settings import *  # noqa: F403 - gunicorn looks for its own names
