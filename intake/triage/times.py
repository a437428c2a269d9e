"""A moment in words: by the zone of this machine, as whoever reads says it, and in UTC, as the log and all days do."""

from datetime import UTC, datetime, timedelta


def moment(at: datetime) -> str:
    """`2026-05-17 14:05 (12:05 UTC)`; with both days where they differ, and once where the zone is UTC itself."""
    here, utc = at.astimezone(), at.astimezone(UTC)
    if here.utcoffset() == timedelta():
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    utc_form = "%H:%M" if here.date() == utc.date() else "%Y-%m-%d %H:%M"
    return f"{here:%Y-%m-%d %H:%M} ({utc.strftime(utc_form)} UTC)"
