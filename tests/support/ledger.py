"""A log of one's own, made without a server: entries of members and the operator, and heads over them."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from crypto.age import HybridIdentity
from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.merkle import Frontier, leaf_hash
from crypto.note import SigningKey
from intake.protocol.actions import Action
from intake.protocol.audit import replay
from intake.protocol.card import Card, Role, issue_card
from intake.protocol.endpoints import endpoint, named
from intake.protocol.entry import OPERATOR, Entry, LoggedRequest
from intake.protocol.logstate import LogState, parse_state
from signed_head import signed

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Ledger:
    """Its entries, as bytes, and who may sign them. Time stands still unless `now` is set."""

    def __init__(self, name: str = "intake-test") -> None:
        self.key = LogSigner.generate(name)
        self.now = NOON
        self.lines: list[bytes] = []

    @property
    def head(self) -> bytes:
        """The signed checkpoint of all entries."""
        return self.sign(self.lines)

    def sign(self, lines: Iterable[bytes]) -> bytes:
        """A signed checkpoint of any entries."""
        edge = Frontier.empty()
        for line in lines:
            edge = edge.append(leaf_hash(line))
        return self.sign_edge(edge)

    def sign_edge(self, edge: Frontier) -> bytes:
        """The signed checkpoint of the tree with this edge."""
        text = Checkpoint(self.key.verifier.name, edge.size, edge.root()).text
        return signed(self.key, text)

    def enrol(self, name: str, role: Role = Role.REVIEWER, identity: HybridIdentity | None = None) -> SigningKey:
        """Enrol somebody with new keys."""
        key = SigningKey.generate(name)
        card = issue_card(role, key, (identity or HybridIdentity.generate()) if role.reads else None)
        self.add_card(card)
        return key

    def add_card(self, card: Card) -> None:
        """Enrol whoever has this card."""
        self._add(Entry(self.now, OPERATOR, Action.ENROL, (f"member/{card.key_id}",), card=card.text, confirmed=True))

    def vouch(self, key: SigningKey, card: Card, *, off: timedelta = timedelta(0)) -> bytes:
        """Log that a reviewer vouches for a card."""
        return self.ask(key, "POST", "/v1/vouch", card.text.encode(), off=off)

    def shut_out(self, key: SigningKey, key_id: str) -> bytes:
        """Log that a reviewer wants another one revoked."""
        return self.ask(key, "POST", f"/v1/members/{key_id}/shut_out")

    def unsay(self, key: SigningKey, key_id: str) -> bytes:
        """Log that a reviewer takes back what they said of somebody."""
        return self.ask(key, "DELETE", f"/v1/members/{key_id}/word")

    def revoke(self, key_id: str) -> None:
        """Revoke a member."""
        self._add(Entry(self.now, OPERATOR, Action.REVOKE, (f"member/{key_id}",), confirmed=True))

    def correct(self, at: datetime) -> None:
        """Set the log's clock back to `at`."""
        self.now = at
        self._add(Entry(at, OPERATOR, Action.CLOCK))

    def rule(self, rule: str) -> bytes:
        """Set a rule, such as `deleters/3`."""
        return self._add(Entry(self.now, OPERATOR, Action.RULE, (rule,), confirmed=True))

    def delete(self, tip: str, item: str) -> bytes:
        """Delete a tip, as was proposed or not."""
        return self._add(Entry(self.now, OPERATOR, Action.DELETE, (f"tip/{tip}", f"item/{item}")))

    def ask(
        self,
        key: SigningKey,
        method: str = "GET",
        path: str = "/v1/index",
        body: bytes = b"",
        *,
        query: str = "?",
        off: timedelta = timedelta(0),
    ) -> bytes:
        """Log what a member asks for, by a clock that is `off` by so much. Returns the entry."""
        does = named(method, path, query, body)
        logged = self.request(key, method, path, body, query=query, created=self.now + off)
        # Of what is added, the log has only the digest.
        part = endpoint(method, path, query).logged_of(body)
        held = None if part is None else part.decode()
        who = logged.base.partition('keyid="')[2][:32]
        return self._add(
            Entry(
                self.now,
                who,
                does.action,
                does.objects,
                LoggedRequest(logged.base, logged.signature, held),
            )
        )

    def explain(self, key: SigningKey, finding: str, says: str) -> bytes:
        """Log what a member says to a finding."""
        return self.ask(key, "POST", f"/v1/findings/{finding}/explain", says.encode())

    def again(self, line: bytes) -> bytes:
        """An entry once more."""
        self.lines.append(line)
        return line

    def request(
        self, key: SigningKey, method: str, path: str, body: bytes, *, query: str = "?", created: datetime
    ) -> LoggedRequest:
        """A signed request, as the log holds it."""
        who = hashlib.sha256(key.verifier.public_key).digest()[:16].hex()
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        covered = '("@method" "@authority" "@path" "@query" "content-digest")'
        base = (
            f'"@method": {method}\n"@authority": desk.test\n"@path": {path}\n"@query": {query}\n'
            f'"content-digest": sha-256=:{digest}:\n"@signature-params": {covered};created={int(created.timestamp())};'
            f'keyid="{who}";nonce="{secrets.token_hex(16)}";tag="{self.key.verifier.name}"'
        )
        return LoggedRequest(base, key.sign_bytes(base.encode()))

    def _add(self, entry: Entry) -> bytes:
        self.lines.append(entry.to_bytes())
        return self.lines[-1]


def verified_in_pieces(
    pieces: Iterable[Sequence[bytes]], lines: Sequence[bytes], log: str
) -> tuple[list[Entry], LogState]:
    """Replay entries piece by piece, each from what was kept as bytes after the one before."""
    entries: list[Entry] = []
    state = LogState.empty(log)
    for piece in pieces:
        new, state = replay(parse_state(state.to_bytes()), piece, lambda size: lines[:size])
        entries += new
    return entries, state


def cut(lines: Sequence[bytes], places: Iterable[int]) -> list[Sequence[bytes]]:
    """Entries in pieces, cut at these places."""
    ends = sorted({0, len(lines), *(place % (len(lines) + 1) for place in places)})
    return [lines[start:end] for start, end in pairwise(ends)]
