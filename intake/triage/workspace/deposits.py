"""A member's own keys at the desk, sealed to what they have on paper: as they are now."""

from hashlib import sha256

from intake.triage.desk.client import DeskClient
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.keys.recovery import seal_keys
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import DEPOSITED, FACT


class Deposits:
    """What one member leaves there, and what colleagues left."""

    def __init__(self, client: DeskClient, file: MirrorFile, keys: MemberKeys) -> None:
        self._client = client
        self._file = file
        self._keys = keys

    def leave(self) -> None:
        """Leave the keys, unless they are there as they are; `DeskError` if the desk doesn't take them."""
        if self._keys.recovery is None:
            return
        # By what is public of them: of the identities, those too that are not on the card yet, or no more.
        opening = () if self._keys.opening is None else self._keys.opening.identities
        recipients = [str(identity.recipient) for identity in opening]
        public = sha256("\n".join((self._keys.card.text, str(self._keys.recovery), *recipients)).encode()).hexdigest()
        row = self._file.get(FACT, DEPOSITED)
        if row is None or row[1] != public:
            self._client.deposit(seal_keys(self._keys, self._keys.recovery))
            self._file.put(FACT, (DEPOSITED, public))

    def of(self, member: str) -> bytes:
        """What a member, by key id, left last; `DeskError` if nothing is there."""
        return self._client.deposited(member)
