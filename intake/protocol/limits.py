"""How much the desk may answer, in bytes, uncompressed: a member's program reads no further."""

from crypto.note import MAX_NOTE_SIZE
from crypto.tiles import MAX_ENTRY_SIZE, WIDTH

DAYS = 1_000_000
"""The list of days: thirty years of them."""

INDEX = 128_000_000
"""The rows of all days together, and so of one: some 200,000 reports with all that belongs to them."""

ROWS = 8_000_000
"""The rows of several days in one answer; a day that is larger comes by itself."""

SUMMARY = 100_000
"""One sealed summary, whose size the index doesn't say: its padded text, and 2 kB for each reviewer."""

SEALED = 8_000_000
"""Sealed bytes of one bulk read, but for one thing that is larger by itself. More is refused, and not logged."""

READ = 2 * SEALED
"""The answer to a bulk read, of which one sealed thing may be larger by itself."""

ADDED = 2_000_000
"""What a reviewer adds at once: a sealed reply of 50,000 characters is much smaller."""

NEW_TIP = 3_500_000
"""A tip that a reviewer makes, with its first item, whose sealed bytes travel in Base 64: a form of which every answer
is as long as it may be, in letters of two bytes each."""

DEPOSIT = 64 * 1024
"""A member's own keys, sealed to what they have on paper, with much to spare."""

CARD = 8_192
"""A member's card: 2 kB of it are the recipient."""

HEADERS = 4_000_000
"""Headers that are exchanged in one request, each of 2 kB for each of its readers, and what they are named by."""

REKEY = 16_384
"""A card with another recipient, and an identity that is sealed to one recipient."""

HANDOVERS = 1_000_000
"""All identities that one member has handed over, 3 kB each: for thirty years of them, once a month."""

RENEWALS = 4_000_000
"""Summaries that are renewed in one request, with their recipients and what they are named by."""

ITEM = 4_000_000_000
"""One item, whatever the index says of its size."""

CHECKPOINT = 64 * 1024
"""A signed checkpoint: two of them, with some cosignatures, still fit, in Base 64, into one signed note."""

COSIGNED = MAX_NOTE_SIZE
"""One with the cosignatures of as many witnesses as there is room for in a note."""

BUNDLE = WIDTH * (MAX_ENTRY_SIZE + 2)
"""An entry bundle (C2SP tlog-tiles)."""

ENTRIES = BUNDLE
MOST_ENTRIES = 2048
"""Entries of the log in one answer: their bytes, and how many. Few enough to say how far a fetch of them is."""

EVIDENCE = MAX_NOTE_SIZE
"""A file of evidence."""

SHORT = 4096
"""An answer that says no more than that something was done, or why not."""

LOG_ENTRIES = 2_000_000
LOG_BYTES = 2_000_000_000
"""The whole log, which whoever verifies it keeps on disk: many years of a large team."""


def bulk_read(summaries: int, items: int, sealed: int) -> int:
    """The answer to a bulk read of so many summaries, and of items whose sealed bytes are so many together."""
    # Base 64 makes four bytes of three; an id, its quotes and separators stay below 64.
    return (summaries * SUMMARY + sealed) * 4 // 3 + 64 * (summaries + items) + SHORT
