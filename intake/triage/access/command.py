"""Letting a colleague in without pages: fetch, choose, exchange until nothing is left, and fetch what that came to."""

from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from crypto.age import AgeError, HybridIdentity, unseal
from intake.protocol.logstate import LogState
from intake.protocol.roster import RosterError
from intake.report.documents import read_one
from intake.report.payloads import Dossier, PayloadFormatError, Summary
from intake.triage.access.exchanging import Exchanging
from intake.triage.access.letting import Letting
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.sync import Sync
from intake.triage.home import Home
from intake.triage.keys.keyfile import KeyFileError, MemberKeys
from intake.triage.mirror.added import Authors
from intake.triage.mirror.tips import Tips, summary_name
from intake.triage.progress import Progress


@dataclass(frozen=True, slots=True)
class LetIn:
    """How many older reports somebody was let in to, and how many are left since others changed them meanwhile."""

    done: int
    left: int


def let_in(home: Home, keys: MemberKeys, name: str, since: str, progress: Progress) -> LetIn:
    """Let the reviewer of this name in to what came before them, from the day `since` on, and to the team's dossiers.

    What an earlier run had chosen is done too. `RosterError` if there is no such colleague, `KeyFileError` if the key
    opens nothing; otherwise what `Sync.run` and `Exchanging.run` raise, and the next run goes on.
    """
    if keys.opening is None:
        raise KeyFileError("this is an auditor's key: it opens no reports")
    letting, identities = Letting(home.mirror), keys.opening.identities
    with closing(DeskClient(home, keys.signing, keys.role)) as client:
        sync, exchanging = Sync(client, home, progress), Exchanging(client, Tips(home.mirror))
        log = sync.run().log
        key = _colleague(log, name, keys.card.key_id)
        letting.choose(key, _chosen(home, log, letting.older(log, key), since, identities))
        chosen = letting.left().get(key, 0)
        while letting.take_turn(exchanging, log, identities, progress, lambda: False):
            log = sync.run().log
    left = letting.left().get(key, 0)
    return LetIn(chosen - left, left)


def _colleague(log: LogState, name: str, me: str) -> str:
    member = log.roster.active(name)
    if member is None or member.card.recipient is None or member.card.key_id == me:
        raise RosterError("there is no other active reviewer of this name")
    return member.card.key_id


def _chosen(
    home: Home, log: LogState, older: Iterable[str], since: str, identities: Sequence[HybridIdentity]
) -> set[str]:
    tips = Tips(home.mirror)
    rows = tips.shown(older)
    made = Authors(home.mirror, log.roster).makers(rows)
    dossiers = {tip for tip in made if _is_dossier(tips.sealed(summary_name(tip)) or b"", identities)}
    return {tip for tip, row in rows.items() if row.day >= since or tip in dossiers}


def _is_dossier(summary: bytes, identities: Sequence[HybridIdentity]) -> bool:
    with suppress(AgeError, PayloadFormatError):
        return isinstance(read_one(unseal(summary, identities), Summary, Dossier), Dossier)
    return False
