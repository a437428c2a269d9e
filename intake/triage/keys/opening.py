"""The identities by which a reviewer opens what is sealed to them, as the key file keeps them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from crypto.age import HybridIdentity, HybridRecipient
from intake.protocol.rekey import digest_of

_MOST_KNOWN = 100
"""Identities that are known again after they were destroyed: those of eight years. No copy is put back after that."""


@dataclass(frozen=True, slots=True, repr=False)
class Identities:
    """Identities, the newest first. All but the newest are kept until nothing is left that only they open.

    `log`: where they are exchanged; empty as long as they never were. `unsent`: the newest may not be on the card yet,
    so that nothing is sealed to it. `destroyed`: digests of the recipients of those that are gone, by which they are
    known again where a copy of the server from before is put back.
    """

    held: tuple[HybridIdentity, ...]
    log: str = ""
    unsent: bool = False
    destroyed: tuple[str, ...] = ()


class OpeningKeys:
    """What an unlocked program opens by; it changes while that runs. `repr` shows nothing.

    `keep`: writes the key file, durably; None where that can't be written, and then nothing is exchanged.
    """

    def __init__(self, identities: Identities, keep: Callable[[Identities], None] | None = None) -> None:
        self._identities = identities
        self._keep = keep

    @classmethod
    def of(cls, identity: HybridIdentity) -> "OpeningKeys":
        """One that stays as it is."""
        return cls(Identities((identity,)))

    @property
    def kept(self) -> Identities:
        """What the key file keeps."""
        return self._identities

    @property
    def identities(self) -> tuple[HybridIdentity, ...]:
        """All of them, the newest first."""
        return self._identities.held

    @property
    def current(self) -> HybridIdentity:
        """The newest that is on the card: what is kept here is sealed to it."""
        return self._identities.held[self._identities.unsent]

    @property
    def unsent(self) -> HybridIdentity | None:
        """One that was made and may not be on the card yet."""
        return self._identities.held[0] if self._identities.unsent else None

    @property
    def older(self) -> tuple[HybridIdentity, ...]:
        """Those that nothing new is sealed to."""
        return self._identities.held[1 + self._identities.unsent :]

    def has(self, recipient: HybridRecipient) -> bool:
        """Whether one of them is this recipient's."""
        return any(identity.recipient == recipient for identity in self.identities)

    def has_destroyed(self, recipient: HybridRecipient) -> bool:
        """Whether the identity of this recipient was one of them, and was destroyed."""
        return digest_of(recipient) in self._identities.destroyed

    def may_begin(self, log: str) -> bool:
        """Whether they are exchanged in this log."""
        return self._keep is not None and self._identities.log in ("", log)

    def begin(self, new: HybridIdentity, log: str) -> None:
        """Keep one that is to be put on the card; `OSError` where that can't be done."""
        self._change(replace(self._identities, held=(new, *self.identities), log=log, unsent=True))

    def confirm(self) -> None:
        """It is on the card."""
        self._change(replace(self._identities, unsent=False))

    def discard(self) -> None:
        """It never will be: another machine's is."""
        self._change(replace(self._identities, held=self.identities[1:], unsent=False))

    def take_over(self, newer: tuple[HybridIdentity, ...], log: str) -> None:
        """Keep what another machine put on the card, the newest first."""
        self._change(replace(self._identities, held=(*newer, *self.identities), log=log, unsent=False))

    def destroy_older(self) -> None:
        """Keep none but the newest, and what the others are known by."""
        newest, *older = self.identities
        destroyed = (*self._identities.destroyed, *(digest_of(identity.recipient) for identity in reversed(older)))
        self._change(replace(self._identities, held=(newest,), destroyed=destroyed[-_MOST_KNOWN:]))

    def _change(self, identities: Identities) -> None:
        # The file first: what is made must never be lost, and what is destroyed here must not be there.
        if self._keep is None:
            raise PermissionError("the key file can't be written")
        self._keep(identities)
        self._identities = identities
