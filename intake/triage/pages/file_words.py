"""What the pages say of files: why one can't be seen, what else there is to know, what its own words may give away."""

from intake.triage.files.view.answer import Failure, Note, Tells
from intake.triage.files.view.kinds import SORTS

FAILURES = {
    Failure.DAMAGED: "It is damaged, or ends early, or is made in a way that can't be read.",
    Failure.LOCKED: "It is locked with a password. Ask the source for an unlocked copy.",
    Failure.TOO_LARGE: "It is larger than this program shows.",
    Failure.TOO_MANY_PIXELS: "It has more pixels than this program unpacks, or says so. It may be made to do harm.",
    Failure.NO_SUCH_PAGE: "It has no such page.",
    Failure.NOTHING_IN_IT: "There is nothing in it to see or hear.",
    Failure.NO_RENDERER: "This program makes no picture and no text of files of this kind.",
    Failure.MEMORY: "It takes more memory than this program gives it. It may be made to do that.",
    Failure.TIME: "It takes longer than this program gives it. It may be made to do that.",
    Failure.BROKEN: (
        "What was to show it broke down over it. It may be made to do harm; what broke was shut in, without network, "
        "files, or anything of this program."
    ),
    Failure.NO_SANDBOX: (
        "This system can't shut in what shows files: that takes Linux with seccomp on a 64-bit PC or ARM processor. "
        "Nothing is shown without it, since a file that is made to do harm would do it to this machine."
    ),
}

NOTES = {
    Note.CUT: "Of a text this long, only the beginning is shown.",
    Note.MORE_ENTRIES: "There are more than are listed here.",
    Note.LOCKED_ENTRIES: "Some of what lies in it is locked with a password: {:,}.",
    Note.ATTACHED: "Other files are attached to it, which are not shown: {:,}.",
    Note.SCRIPTS: "It has scripts, which were not run: {:,}.",
    Note.FRAMES: "There are several pictures in this file: {:,}.",
    Note.PARTS: "It has more texts, which are not shown: {:,}.",
    Note.GUESSED_LETTERS: "It does not say which letters its bytes mean. What is shown is a guess, and may be wrong.",
    Note.NO_LENGTH: "It does not say how long it is; what is said here was measured.",
    Note.ENDS_EARLY: "It ends early, or is damaged within: what would come after that is not shown.",
}

TELLS = {
    Tells.NOTHING: "",
    Tells.PLACE: "where",
    Tells.PERSON: "who",
    Tells.DEVICE: "which device",
    Tells.TIME: "when",
}


def failure(why: Failure) -> str:
    """Why there is nothing to see."""
    return FAILURES[why]


def note(what: Note, count: int) -> str:
    """What is to be said beside what is seen."""
    return NOTES[what].format(count)


def tells(what: Tells) -> str:
    """What a fact may give away, in a word or two."""
    return TELLS[what]


def sort(key: str) -> str:
    """What a file is."""
    return SORTS[key].words
