"""The routes. Each admits its request in one transaction, and answers only after that is durable."""

from intake.desk.routes import Routes
from intake.desk.views import adding, deletions, index, keys, log, readers, reading, saying

routes = Routes(*(each.routes for each in (index, reading, adding, readers, keys, deletions, saying, log)))
"""All that the desk serves."""
