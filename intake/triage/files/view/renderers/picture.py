"""Pictures, decoded and turned upright; nothing but their pixels goes on."""

import math
from collections.abc import Iterator
from contextlib import suppress

import pillow_heif
from PIL import AvifImagePlugin, ExifTags, Image, ImageFile, ImageOps, TiffImagePlugin, UnidentifiedImageError

from intake.triage.files.view.answer import (
    LONGEST_SIDE,
    Fact,
    Failure,
    Note,
    Order,
    Picture,
    Rendered,
    RenderError,
    Tells,
)
from intake.triage.files.view.content import Content
from intake.triage.files.view.renderers.common import PIXELS, fact, few

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF")
"""The formats that are tried at all, by Pillow's names; for others (EPS) it would start programs."""

_MOST_PIXELS = 120_000_000
"""Of a picture that is decoded; the largest telephones make 200 million, of which JPEG gives a quarter at once."""
_MOST_FRAMES = 2_000

pillow_heif.register_heif_opener(thumbnails=False)
pillow_heif.options.DECODE_THREADS = 1
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
Image.MAX_IMAGE_PIXELS = None
Image.init()

_GPS, _EXIF = ExifTags.IFD.GPSInfo, ExifTags.IFD.Exif
_TELLS = {
    "Make": Tells.DEVICE, "Model": Tells.DEVICE, "LensModel": Tells.DEVICE, "BodySerialNumber": Tells.DEVICE,
    "LensSerialNumber": Tells.DEVICE, "CameraSerialNumber": Tells.DEVICE, "Software": Tells.DEVICE,
    "HostComputer": Tells.DEVICE, "ImageUniqueID": Tells.DEVICE, "MakerNote": Tells.DEVICE,
    "Artist": Tells.PERSON, "CameraOwnerName": Tells.PERSON, "Copyright": Tells.PERSON, "XPAuthor": Tells.PERSON,
    "ImageDescription": Tells.PERSON, "UserComment": Tells.PERSON, "XPComment": Tells.PERSON,
    "DateTime": Tells.TIME, "DateTimeOriginal": Tells.TIME, "DateTimeDigitized": Tells.TIME, "OffsetTime": Tells.TIME,
    "OffsetTimeOriginal": Tells.TIME, "OffsetTimeDigitized": Tells.TIME,
}  # fmt: skip
_LONG = 200


def render(content: Content, order: Order) -> Rendered:
    """One picture of the file, as it was taken to be looked at."""
    try:
        image = Image.open(content.file(), formats=_FORMATS)
    except UnidentifiedImageError:
        raise RenderError(Failure.DAMAGED) from None
    with image:
        told_width, told_height = image.size
        facts = few(_facts(image))
        frames = min(getattr(image, "n_frames", 1), _MOST_FRAMES)
        if order.page > frames:
            raise RenderError(Failure.NO_SUCH_PAGE)
        image.seek(order.page - 1)
        notes = ((Note.FRAMES, frames),) if frames > 1 else ()
        picture, is_cut = _pixels(image, PIXELS[order.size])
    if is_cut:
        notes = (*notes, (Note.ENDS_EARLY, 0))
    shown = fact("Width and height", f"{told_width:,} × {told_height:,}")
    return Rendered("", frames, few((shown, *facts)), notes, picture=picture)


def _pixels(image: Image.Image, most: int) -> tuple[Picture, bool]:
    """At most so many, turned upright, on white; and whether the file ended before the last."""
    width, height = image.size
    scale = min(1.0, math.sqrt(most / max(1, width * height)), LONGEST_SIDE / max(1, width, height))
    size = max(1, int(width * scale)), max(1, int(height * scale))
    # JPEG can be decoded at a half, a quarter or an eighth, in as much less memory.
    image.draft("RGB", size)
    if image.width * image.height > _MOST_PIXELS:
        raise RenderError(Failure.TOO_MANY_PIXELS)
    is_cut = _load(image)
    small = image.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST)
    with suppress(Exception):  # whatever its EXIF says: it is seen as it lies
        small = ImageOps.exif_transpose(small)
    if small.mode in ("RGBA", "LA", "PA", "P", "La", "RGBa"):
        seen = small.convert("RGBA")
        small = Image.new("RGB", seen.size, "white")
        small.paste(seen, mask=seen.getchannel("A"))
    elif small.mode.startswith(("I", "F")):
        small = _as_grey(small)
    flat = small.convert("RGB")
    return Picture(flat.width, flat.height, flat.tobytes()), is_cut


def _load(image: Image.Image) -> bool:
    """Decode it; what is there of a picture that ends early is seen as well. Returns whether it did."""
    try:
        image.load()
    except OSError:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        image.load()
        return True
    return False


def _as_grey(image: Image.Image) -> Image.Image:
    """More than eight bits of grey, spread over eight."""
    lowest, highest = image.getextrema()
    wide = image.convert("F")
    span = float(highest) - float(lowest) or 1.0  # type: ignore[arg-type]
    return wide.point(lambda value: value * (255 / span) - float(lowest) * 255 / span).convert("L")  # type: ignore[arg-type]


def _facts(image: Image.Image) -> Iterator[Fact]:
    with suppress(Exception):  # broken EXIF breaks no picture
        yield from _exif(image)
    for name, value in image.info.items():
        # What people write into it; else there are only numbers, and how it is packed.
        if name in ("comment", "Comment") or (image.format == "PNG" and isinstance(value, str)):
            yield fact(name, _said(value), Tells.PERSON)
    if image.info.get("xmp") or image.info.get("XML:com.adobe.xmp"):
        yield fact("XMP", "there is more about the picture in it", Tells.PERSON)
    if image.info.get("icc_profile"):
        yield fact("ICC profile", f"{len(image.info['icc_profile']):,} bytes", Tells.DEVICE)


def _exif(image: Image.Image) -> Iterator[Fact]:
    exif = image.getexif()
    yield from _place(exif.get_ifd(_GPS))
    for tags in (exif, exif.get_ifd(_EXIF)):
        for number, value in tags.items():
            if number not in (_GPS, _EXIF, ExifTags.IFD.MakerNote):
                name = ExifTags.TAGS.get(number, f"EXIF {number:#06x}")
                yield fact(name, _said(value), _TELLS.get(name, Tells.NOTHING))


def _place(gps: dict[int, object]) -> Iterator[Fact]:
    with suppress(TypeError, ValueError, ZeroDivisionError, KeyError):
        latitude = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
        longitude = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
        yield fact("Place (latitude, longitude)", f"{latitude:.6f}, {longitude:.6f}", Tells.PLACE)
    for number, value in gps.items():
        name = ExifTags.GPSTAGS.get(number, f"GPS {number:#06x}")
        yield fact(name, _said(value), Tells.TIME if name in ("GPSDateStamp", "GPSTimeStamp") else Tells.PLACE)


def _degrees(parts: object, reference: object, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)  # type: ignore[attr-defined]
    sign = -1 if str(reference).startswith(negative) else 1
    return sign * (degrees + minutes / 60 + seconds / 3600)


def _said(value: object) -> str:
    if isinstance(value, bytes):
        text = value.removeprefix(b"ASCII\0\0\0").strip(b"\0 ")
        return text.decode() if text.isascii() and text.decode().isprintable() else f"{len(value):,} bytes"
    if isinstance(value, tuple):
        return ", ".join(_said(part) for part in value[:_LONG])
    if isinstance(value, TiffImagePlugin.IFDRational):
        return f"{float(value):g}"
    return str(value).strip("\0 ")
