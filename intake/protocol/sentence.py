"""What a reviewer says to a finding: one sentence in the clear, which everybody who may read the log reads."""

from intake.protocol.actions import ActionError

LONGEST_SENTENCE = 300
"""Characters."""
LARGEST_SENTENCE = LONGEST_SENTENCE * 4
"""Bytes, in UTF-8."""

_JOINERS = "\u200c\u200d"
"""They don't print, but Persian and other scripts are misspelt without them."""


def parse_sentence(body: bytes) -> str:
    """Read a sentence: a line of 1 to 300 characters that print, no space at its ends; `ActionError` otherwise."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ActionError("the sentence must be text in UTF-8") from None
    if not text or text != text.strip():
        raise ActionError("there is no sentence, or there are spaces around it")
    if len(text) > LONGEST_SENTENCE:
        raise ActionError(f"the sentence may have at most {LONGEST_SENTENCE} characters")
    if not all(character.isprintable() or character in _JOINERS for character in text):
        raise ActionError("the sentence must be one line, without characters that don't show")
    return text
