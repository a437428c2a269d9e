"""Four months of a team's log, signed as members' programs sign, and written as an auditor mirrors it."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crypto.note import SigningKey
from intake.audit.mirror import write_log
from intake.audit.verified import VerifiedLog, read_folder
from intake.findings.found import Finding, Kind, find
from intake.findings.thresholds import shipped
from intake.protocol.card import key_id
from intake.triage.progress import no_progress
from ledger import Ledger
from policies import policy, policy_file

NAMES = ("amina", "boris", "نرگس", "李明", "=SUM(A1)")
"""One of them hopes for a spreadsheet."""


@dataclass
class Team:
    """Its log, whose members' keys are in hand, and the folder that it is mirrored in."""

    log: Ledger
    keys: dict[str, SigningKey]
    folder: Path
    policy: Path

    def mirror(self) -> VerifiedLog:
        """Write what there is by now into the folder, and verify that."""
        write_log(self.folder, self.log.lines, self.log.head, lambda _: None)
        return read_folder(self.folder, policy(self.log.key.verifier), no_progress)

    def open(self, name: str, tip: str) -> None:
        self.log.ask(self.keys[name], "POST", f"/v1/tips/{tip}/open")

    def add(self, name: str, tip: str, item: str) -> None:
        self.log.ask(self.keys[name], "PUT", f"/v1/tips/{tip}/items/{item}", b"sealed", query="?kind=work")

    def fetch(self, name: str, tips: list[str]) -> None:
        body = json.dumps({"summaries": tips, "items": []}, separators=(",", ":")).encode()
        self.log.ask(self.keys[name], "POST", "/v1/read", body)

    def answer(self, name: str, finding: Finding, says: str) -> None:
        self.log.explain(self.keys[name], finding.id, says)

    def revoke(self, name: str) -> None:
        self.log.revoke(key_id(self.keys[name].verifier))


def at_work(directory: Path, days: int = 120) -> Team:
    """They work in the mornings. One reads much in a night before being revoked; one question is answered."""
    log, chance = Ledger(), random.Random(7)  # noqa: S311 - the same team each time
    log.now = datetime(2026, 7, 1, 8, tzinfo=UTC)
    keys = {name: log.enrol(name) for name in NAMES}
    team = Team(log, keys, directory / "mirror", policy_file(directory, log.key.verifier))
    tips: list[str] = []
    for day in range(days):
        log.now = datetime(2026, 7, 1, 8, tzinfo=UTC) + timedelta(days=day)
        new = [chance.randbytes(16).hex() for _ in range(chance.randint(0, 3))]
        tips += new
        if log.now.weekday() >= 5:
            continue
        for name in NAMES:
            log.now += timedelta(minutes=chance.randint(1, 20))
            team.fetch(name, new)
            for tip in chance.sample(tips[-12:], min(len(tips), chance.randint(0, 2))):
                log.now += timedelta(minutes=chance.randint(1, 9))
                team.open(name, tip)
                if chance.random() < 0.7:
                    team.add(name, tip, chance.randbytes(16).hex())
    log.now = (log.now + timedelta(days=1)).replace(hour=2)
    for tip in tips[:40]:
        log.now += timedelta(seconds=20)
        team.open("boris", tip)
    verified = team.mirror()
    found = find(verified.record, verified.roster, shipped())
    odd = next(each for each in found if each.kind is Kind.ODD)
    log.now += timedelta(hours=8)
    team.answer("amina", odd, "Boris was on call that night, for somebody who was ill.")
    log.now += timedelta(hours=2)
    team.revoke("boris")
    team.mirror()
    return team
