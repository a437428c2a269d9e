"""Sound and video: decoded, and encoded anew as WebM in pieces that a browser keeps in memory.

What the browser plays was written by the encoder here; of the file nothing goes on but what can be seen and heard.
"""

import io
import math
import pkgutil
from collections.abc import Iterator, Mapping
from fractions import Fraction
from importlib import import_module
from typing import Any, cast

import av
import av.error
from av.audio.resampler import AudioResampler
from av.container import InputContainer, OutputContainer

from intake.triage.files.view.answer import (
    MOST_MEDIA,
    MOST_PAGES,
    Fact,
    Failure,
    Note,
    Order,
    Picture,
    Rendered,
    RenderError,
    Size,
    Tells,
)
from intake.triage.files.view.content import Content
from intake.triage.files.view.renderers.common import fact, few

# It imports some of itself as it meets kinds of streams.
for _module in pkgutil.walk_packages(av.__path__, "av."):
    if _module.name not in ("av.__main__", "av.datasets"):
        import_module(_module.name)

_Stream = av.VideoStream | av.AudioStream

SECONDS = 30
"""Of a piece."""
_APART = 5
"""Seconds by which sound and pictures that belong together may lie apart in a file."""
_PER_SECOND = 15
_WIDEST = 640
_BITS_PER_SECOND = 700_000
_SOUND_RATE = 48_000
_SOUND_FRAME = 960
_TICKS = Fraction(1, 1000)
_MOST_PIXELS = 40_000_000
_LONGEST = MOST_PAGES * SECONDS
_TELLS = {
    "location": Tells.PLACE, "location-eng": Tells.PLACE, "com.apple.quicktime.location.iso6709": Tells.PLACE,
    "com.apple.quicktime.location.accuracy.horizontal": Tells.PLACE, "xyz": Tells.PLACE,
    "make": Tells.DEVICE, "model": Tells.DEVICE, "software": Tells.DEVICE, "encoder": Tells.DEVICE,
    "com.apple.quicktime.make": Tells.DEVICE, "com.apple.quicktime.model": Tells.DEVICE,
    "com.apple.quicktime.software": Tells.DEVICE, "com.android.version": Tells.DEVICE, "handler_name": Tells.DEVICE,
    "creation_time": Tells.TIME, "date": Tells.TIME, "com.apple.quicktime.creationdate": Tells.TIME,
    "artist": Tells.PERSON, "author": Tells.PERSON, "title": Tells.PERSON, "comment": Tells.PERSON,
    "description": Tells.PERSON, "copyright": Tells.PERSON, "album": Tells.PERSON,
}  # fmt: skip


def render(content: Content, order: Order) -> Rendered:
    """What is told of it with a first picture, or a piece of it to play."""
    try:
        with cast("InputContainer", av.open(content.file(), metadata_errors="replace")) as source:
            # Some begin at an odd time, as what was cut out of a broadcast does.
            start = (source.start_time or 0) / av.time_base + (order.page - 1) * SECONDS
            if order.size is not Size.PAGE:
                return Rendered(media=_piece(source, start))
            return _described(source, order.page, start)
    except av.error.FFmpegError:
        raise RenderError(Failure.DAMAGED) from None


def _described(source: InputContainer, page: int, start: float) -> Rendered:
    seconds, is_told = _length(source)
    if not seconds:
        raise RenderError(Failure.NOTHING_IN_IT)
    pages = math.ceil(seconds / SECONDS)
    if page > pages:
        raise RenderError(Failure.NO_SUCH_PAGE)
    picture = _still(source, start)
    if picture is None and not source.streams.audio:
        raise RenderError(Failure.NOTHING_IN_IT)
    notes = () if is_told else ((Note.NO_LENGTH, 0),)
    return Rendered("", pages, few(_facts(source, seconds)), notes, plays=True, picture=picture)


def _length(source: InputContainer) -> tuple[float, bool]:
    """How many seconds it has, and whether it says so itself; of one that doesn't, by its last packet."""
    if source.duration and source.duration > 0:
        return min(source.duration / av.time_base, _LONGEST), True
    first = last = (source.start_time or 0) / av.time_base
    for packet in source.demux():
        if packet.pts is not None and packet.time_base is not None:
            last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    source.seek(0)
    return min(last - first, _LONGEST), False


def _facts(source: InputContainer, seconds: float) -> Iterator[Fact]:
    yield fact("Format", source.format.long_name)
    yield fact("Length", f"{int(seconds) // 60}:{int(seconds) % 60:02}")
    for name, value in source.metadata.items():
        yield fact(name, value, _TELLS.get(name.lower(), Tells.NOTHING))
    for stream in source.streams:
        codec = stream.codec_context.name if stream.codec_context is not None else "unknown"
        size = f", {stream.width} × {stream.height}" if isinstance(stream, av.VideoStream) else ""
        yield fact(f"Stream {stream.index}", f"{stream.type}: {codec}{size}")
        for name, value in stream.metadata.items():
            yield fact(f"Stream {stream.index}: {name}", value, _TELLS.get(name.lower(), Tells.NOTHING))


def _video(source: InputContainer) -> av.VideoStream | None:
    """The moving pictures; what belongs to a recording as its cover are none."""
    covers = av.stream.Disposition.attached_pic
    found = next((stream for stream in source.streams.video if not stream.disposition & covers), None)
    if found is not None:
        if found.width * found.height > _MOST_PIXELS:
            raise RenderError(Failure.TOO_MANY_PIXELS)
        found.thread_type, found.thread_count = "AUTO", 2
    return found


def _still(source: InputContainer, start: float) -> Picture | None:
    """The first picture from there on."""
    frame = _first(source, _video(source), start)
    if frame is None:
        return None
    upright = _Upright().turn(frame, "rgb24")
    plane = upright.planes[0]
    rows, row = memoryview(plane), 3 * upright.width
    pixels = b"".join(rows[at * plane.line_size :][:row] for at in range(upright.height))
    return Picture(upright.width, upright.height, pixels)


def _first(source: InputContainer, video: av.VideoStream | None, start: float) -> av.VideoFrame | None:
    if video is None:
        return None
    _go_to(source, start)
    return next((frame for frame in _frames(source, [video]) if isinstance(frame, av.VideoFrame)), None)


def _piece(source: InputContainer, start: float) -> bytes:
    """So many seconds of it, encoded anew."""
    video, sound = _video(source), next(iter(source.streams.audio), None)
    first = _first(source, video, start)
    written = io.BytesIO()
    with av.open(written, "w", format="webm") as target:
        encoders: dict[_Stream, _Pictures | _Sounds] = {}
        # What is in it must be said before the first byte of either.
        if video is not None and first is not None:
            encoders[video] = _Pictures(target, first)
        if sound is not None:
            encoders[sound] = _Sounds(target)
        _go_to(source, start)
        _encode(source, start, encoders)
        for encoder in encoders.values():
            encoder.end()
    if written.tell() > MOST_MEDIA:
        raise RenderError(Failure.TOO_LARGE)
    return written.getvalue()


def _encode(source: InputContainer, start: float, encoders: Mapping[_Stream, "_Pictures | _Sounds"]) -> None:
    """Give the frames of a piece to the encoders of their streams; `RenderError` if there are none."""
    if not encoders:
        raise RenderError(Failure.NOTHING_IN_IT)
    by_kind: dict[type, Any] = {
        av.VideoFrame if isinstance(stream, av.VideoStream) else av.AudioFrame: encoder
        for stream, encoder in encoders.items()
    }
    is_empty = True
    for frame in _frames(source, list(encoders)):
        at = float(frame.time or 0.0) - start
        if at >= SECONDS + _APART:
            break
        if 0 <= at < SECONDS:
            by_kind[type(frame)].add(frame, at)
            is_empty = False
    if is_empty:
        raise RenderError(Failure.NOTHING_IN_IT)


def _go_to(source: InputContainer, start: float) -> None:
    source.seek(int(start * av.time_base), backward=True)


def _frames(source: InputContainer, streams: list[_Stream]) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """All that can be decoded, passing over what can't."""
    packets = source.demux(streams)
    while True:
        try:
            packet = next(packets)
            yield from packet.decode()  # type: ignore[misc]
        except StopIteration:
            return
        except av.error.EOFError:
            return
        except av.error.InvalidDataError:
            continue


class _Upright:
    """Makes frames of a bearable size, and turns those that a telephone filmed lying."""

    def __init__(self) -> None:
        self._graph: av.filter.Graph | None = None

    def turn(self, frame: av.VideoFrame, kind: str) -> av.VideoFrame:
        """The frame as it is to be seen."""
        if self._graph is None:
            self._graph = self._made_for(frame, kind)
        self._graph.push(frame)
        seen = self._graph.pull()
        assert isinstance(seen, av.VideoFrame)  # noqa: S101 - what a graph of pictures gives
        return seen

    def _made_for(self, frame: av.VideoFrame, kind: str) -> av.filter.Graph:
        scale = min(1.0, _WIDEST / max(frame.width, frame.height))
        # The encoder wants even numbers.
        width, height = (max(2, int(side * scale) // 2 * 2) for side in (frame.width, frame.height))
        graph = av.filter.Graph()
        graph.threads = 1
        parts = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=_TICKS),
            graph.add("scale", f"{width}:{height}"),
            *(graph.add("transpose", way) for way in _TURNS.get(frame.rotation % 360, ())),
            graph.add("format", kind),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*parts).configure()
        return graph


_TURNS = {90: ("cclock",), 180: ("clock", "clock"), 270: ("clock",)}
"""By degrees against the clock in which a frame is to be turned."""


class _Pictures:
    """Encodes pictures as VP8, which every browser plays."""

    def __init__(self, target: OutputContainer, first: av.VideoFrame) -> None:
        self._target = target
        self._upright = _Upright()
        seen = _Upright().turn(first, "yuv420p")
        options = {"deadline": "realtime", "cpu-used": "12", "threads": "1"}
        self._stream = target.add_stream("libvpx", rate=_PER_SECOND, options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = seen.width, seen.height, "yuv420p"
        self._stream.bit_rate = _BITS_PER_SECOND
        self._stream.codec_context.time_base = _TICKS
        self._last = -1.0

    def add(self, frame: av.VideoFrame, at: float) -> None:
        """Encode a picture, unless there was one just before."""
        if self._last >= 0 and at - self._last < 0.9 / _PER_SECOND:
            return
        self._last = at
        frame.pts, frame.time_base = round(at / _TICKS), _TICKS
        self._target.mux(self._stream.encode(self._upright.turn(frame, "yuv420p")))

    def end(self) -> None:
        """Encode what is left."""
        self._target.mux(self._stream.encode(None))


class _Sounds:
    """Encodes sound as Opus, as above."""

    def __init__(self, target: OutputContainer) -> None:
        self._target = target
        self._stream = target.add_stream("libopus", rate=_SOUND_RATE, layout="stereo")
        self._stream.bit_rate = 64_000
        self._same = AudioResampler("flt", "stereo", _SOUND_RATE, _SOUND_FRAME)
        self._place: int | None = None

    def add(self, frame: av.AudioFrame, at: float) -> None:
        """Encode a bit of sound."""
        if self._place is None:
            self._place = round(at * _SOUND_RATE)
        frame.pts = None
        self._encode(self._same.resample(frame))

    def end(self) -> None:
        """Encode what is left."""
        self._encode(self._same.resample(None))
        self._target.mux(self._stream.encode(None))

    def _encode(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            frame.pts, frame.time_base = self._place, Fraction(1, _SOUND_RATE)
            self._place = (self._place or 0) + frame.samples
            self._target.mux(self._stream.encode(frame))
