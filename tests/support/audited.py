"""A server's log as an auditor verifies all of it."""

from intake.keeper import Keeper, read_log_key
from intake.protocol.audit import VerifiedLog, verify_log


def audited(server: Keeper) -> VerifiedLog:
    with server.store.reading() as session:
        lines = server.log.lines(session, 0, server.log.size(session))
        shown = server.log.shown(session)
    return verify_log(lines, shown, read_log_key(server.settings.log_key).verifier, None)
