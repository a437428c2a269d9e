"""What is wrong with what somebody typed. Nothing of it is shown."""

LONGEST = 500
"""Characters that are looked at: the longest codename, decomposed, numbered and widely spaced, has far fewer."""
WORDS = 8


class CodenameError(ValueError):
    """Not a codename. Shows nothing of what was typed, and neither does any of its kinds."""


class LengthError(CodenameError):
    """The text is far longer than any codename."""

    def __init__(self) -> None:
        super().__init__(f"a codename has at most {LONGEST} characters")


class WordCountError(CodenameError):
    """There are `count` words, not eight."""

    def __init__(self, count: int) -> None:
        super().__init__(f"a codename has {WORDS} words, not {count}")
        self.count = count


class UnknownWordError(CodenameError):
    """The word at `position`, counted from 1, is not in the list that most of the others are in."""

    def __init__(self, position: int) -> None:
        super().__init__(f"word {position} is not one that codenames are made of")
        self.position = position


class ChecksumError(CodenameError):
    """Every word exists, but never in this order: one is wrong, or two are swapped."""

    def __init__(self) -> None:
        super().__init__("these words are not a codename")
