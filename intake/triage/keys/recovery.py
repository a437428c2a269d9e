"""A member's keys for the day on which the machine is lost: sealed to a key that is on paper only, in several sheets.

The sheets are SLIP-39 mnemonics (satoshilabs/slips, slip-0039) of one group, extendable, without a passphrase: any
`needed` of them give the 32 bytes that the key is made of, fewer give nothing. What is sealed to it changes with the
keys; the sheets stay as they are.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.wordlist import WORDLIST

from crypto.age import AgeError, HybridIdentity, HybridRecipient, seal, unseal
from crypto.age import split as split_age
from intake.triage.keys.keyfile import KeyFileError, MemberKeys, parse_keys

MOST_SHEETS = 16
"""SLIP-39 counts no further."""

_SECRET = 32
_WORDS = 33
"""Of a sheet that holds 256 bits."""
_DISTINCT = 4
"""So many letters tell every word of the list from all others."""

_BEGINNINGS: Mapping[str, str] = MappingProxyType({word[:_DISTINCT]: word for word in WORDLIST})


class SheetError(ValueError):
    """What was typed is no sheet, or doesn't belong to the others; in words for whoever typed it."""


@dataclass(frozen=True, slots=True, repr=False)
class Paper:
    """A new recovery key: its sheets, to be written down, and who keys are sealed to for it."""

    sheets: tuple[str, ...]
    recipient: HybridRecipient


def split(sheets: int, needed: int) -> Paper:
    """A new key in so many sheets (2 to 16), any `needed` (2 or more) of which give it back."""
    secret = secrets.token_bytes(_SECRET)
    (mnemonics,) = generate_mnemonics(1, [(needed, sheets)], secret)
    return Paper(tuple(mnemonics), HybridIdentity.from_seed(secret).recipient)


class Sheets:
    """The sheets that were typed so far."""

    def __init__(self) -> None:
        self._shares: dict[int, Share] = {}

    def __repr__(self) -> str:
        return f"<Sheets: {len(self._shares)}>"

    def __len__(self) -> int:
        return len(self._shares)

    @property
    def lacking(self) -> int:
        """How many sheets more are needed; at least one until the first one was typed."""
        return next((share.member_threshold for share in self._shares.values()), 1) - len(self._shares)

    def add(self, typed: str) -> None:
        """Take a sheet; of each word four letters are enough. `SheetError` if it is none, or not one of these."""
        share = _share(typed)
        for other in self._shares.values():
            if share.group_parameters() != other.group_parameters():
                raise SheetError("this sheet belongs to other ones than those typed before")
        if share.index in self._shares:
            raise SheetError("this sheet was typed already")
        self._shares[share.index] = share

    def holds(self, sheet: str) -> bool:
        """Whether this sheet is one of those that were typed."""
        return Share.from_mnemonic(sheet) in self._shares.values()

    def identity(self) -> HybridIdentity:
        """The key, of as many sheets as it needs; `SheetError` if they don't go together."""
        try:
            return HybridIdentity.from_seed(combine_mnemonics(share.mnemonic() for share in self._shares.values()))
        except (MnemonicError, AgeError):
            raise SheetError("these sheets don't go together") from None


def seal_keys(keys: MemberKeys, recipient: HybridRecipient) -> bytes:
    """A member's keys, sealed to what is on paper."""
    return seal(keys.to_bytes(), [recipient])


def open_keys(sealed: bytes, identity: HybridIdentity) -> MemberKeys:
    """What `seal_keys` sealed; `KeyFileError` for anything else."""
    try:
        return parse_keys(unseal(sealed, [identity]))
    except (AgeError, ValueError):
        raise KeyFileError("this is no recovery file, or not the one of these sheets") from None


def require_recovery(sealed: bytes) -> None:
    """`KeyFileError` for what no sheets open: said before anybody types them."""
    if not split_age(sealed).header:
        raise KeyFileError("this is no recovery file: 'intake key split' writes one, NAME.recovery")


def _share(typed: str) -> Share:
    # Whoever types them from the paper may type the numbers beside them too.
    words = [_BEGINNINGS.get(word[:_DISTINCT]) for word in re.findall(r"[^\W\d_]+", typed.casefold())]
    strange = [str(place) for place, word in enumerate(words, 1) if word is None]
    if strange:
        raise SheetError(f"not words of a sheet: number {', '.join(strange)}")
    if len(words) != _WORDS:
        raise SheetError(f"a sheet has {_WORDS} words, and this has {len(words)}")
    try:
        share = Share.from_mnemonic(" ".join(filter(None, words)))
    except MnemonicError:
        raise SheetError("a word is another than on the sheet, or two have changed places") from None
    if share.group_count != 1 or share.member_threshold < 2:
        raise SheetError("this sheet was not made by this program")
    return share
