"""What a reviewer says to a finding: one sentence in the clear, which everybody who may read the log reads."""

import re

from intake.protocol.actions import ActionError

LONGEST_SENTENCE = 300
"""Characters."""
LARGEST_SENTENCE = LONGEST_SENTENCE * 4
"""Bytes, in UTF-8."""

_UNSHOWN = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680\u180e\u2000-\u200b\u200e\u200f"
    r"\u2028-\u202f\u205f-\u206f\u3000\ue000-\uf8ff\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U0010ffff]"
)
"""Controls, formats, private characters, and spaces but the usual one.

A list of ours: whoever verifies a log must come to the same as the desk, whatever Unicode their Python knows. U+200C
and U+200D are formats too, and not in it: without them, Persian and other scripts are misspelt.
"""


def parse_sentence(body: bytes) -> str:
    """Read a sentence: a line of 1 to 300 characters that show, no space at its ends; `ActionError` otherwise."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ActionError("the sentence must be text in UTF-8") from None
    if not text or text != text.strip(" "):
        raise ActionError("there is no sentence, or there are spaces around it")
    if len(text) > LONGEST_SENTENCE:
        raise ActionError(f"the sentence may have at most {LONGEST_SENTENCE} characters")
    if _UNSHOWN.search(text):
        raise ActionError("the sentence must be one line, without characters that don't show")
    return text
