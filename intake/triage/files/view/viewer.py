"""Shows the attachments of tips: fetched first, then page by page; what was shown last is kept for a while."""

from collections import OrderedDict
from concurrent.futures import Future
from threading import Lock

from intake.triage.files.originals import Originals
from intake.triage.files.view.answer import Size
from intake.triage.files.view.rendering import Rendering, Seen
from intake.triage.patience import in_thread, is_done
from intake.triage.reading.opentip import Attachment, OpenTip

_KEPT = 6
"""Pages: a page of the program asks for its text and then for its picture."""
_PATIENCE = 5.0
"""Seconds in which a small file comes, as a rule."""
_WHOLE = 100

_Key = tuple[str, str, int, Size]


class Viewer:
    """Shows attachments. Nobody waits longer than bearable for one that isn't here: it is fetched meanwhile."""

    def __init__(self, originals: Originals) -> None:
        self._originals = originals
        self._rendering = Rendering()
        self._changing = Lock()
        self._stopped = False
        self._fetching: dict[str, Future[None]] = {}
        self._kept: OrderedDict[_Key, Seen] = OrderedDict()

    def is_here(self, tip: OpenTip, file: Attachment) -> bool:
        """Whether all of a file is on this machine; if not, it is fetched from now on. Raises why it can't be."""
        if self._originals.arrived(tip, file) == _WHOLE:
            return True
        name = file.about.content
        with self._changing:
            if name not in self._fetching:
                self._fetching[name] = in_thread(self._fetch, tip, file)
            fetching = self._fetching[name]
        try:
            return is_done(fetching, _PATIENCE)
        finally:
            if fetching.done():
                with self._changing:
                    self._fetching.pop(name, None)

    def see(self, tip: OpenTip, file: Attachment, page: int, size: Size = Size.PAGE) -> Seen:
        """A page of a file; raises what `Originals.read` does."""
        key = file.about.content, file.about.sha256, page, size
        with self._changing:
            if kept := self._kept.get(key):
                self._kept.move_to_end(key)
                return kept
        seen = self._rendering.see(self._originals.read(tip, file), file.about.size, page, size)
        if size is not Size.COPY and seen.failure is None:
            self._keep(key, seen)
        return seen

    def stop(self) -> None:
        """Show nothing more, and forget what was shown."""
        self._stopped = True
        self._rendering.stop()
        with self._changing:
            self._kept.clear()

    def _fetch(self, tip: OpenTip, file: Attachment) -> None:
        for _ in self._originals.read(tip, file):
            if self._stopped:
                return

    def _keep(self, key: _Key, seen: Seen) -> None:
        with self._changing:
            if not self._stopped:
                self._kept[key] = seen
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
