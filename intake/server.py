"""What both server applications are made from: settings, store, blobs and the log as it stands, opened together."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from crypto.policy import Policy, PolicyError, parse_policy
from intake.accesslog.proven import ProvenMembers
from intake.accesslog.read import LogReader
from intake.protocol.requests import LIFETIME
from intake.settings import SettingError, Settings
from intake.storage import schema
from intake.storage.blobs.files import FileBlobs
from intake.storage.blobs.protocol import Blobs
from intake.storage.gate import Gate
from intake.storage.store import Store


@dataclass(frozen=True, slots=True)
class Server:
    """Everything that a view may need besides its request. The log can be read; who appends to it is a `Keeper`."""

    settings: Settings
    store: Store
    blobs: Blobs
    log: LogReader
    members: ProvenMembers
    """To whom reports are sealed: as the log's key has signed it, whatever else stands in the store."""

    def today(self) -> date:
        """The day (UTC) of whatever is stored now, by the log's clock."""
        with self.store.reading() as session:
            return self.log.day(session)

    def behind(self) -> str:
        """How far this machine's clock is behind the log, for the operator; empty if the desk lets members in."""
        with self.store.reading() as session:
            last, now = self.log.clock(session).last, self.log.now()
        if last - now <= LIFETIME:
            return ""
        return (
            f"the last entry of the log is of {last:%Y-%m-%d %H:%M} UTC, and this machine's clock says "
            f"{now:%Y-%m-%d %H:%M} UTC: until that time has come, the desk refuses everybody. Put this machine's clock "
            "right, or run 'intake clock correct' if it is"
        )

    @property
    def gate(self) -> Gate:
        """When the index shows what has come."""
        return Gate(self.settings.gate_minutes)


def open_server(settings: Settings) -> Server:
    """Open what `intake init` made; errors name the setting or the file that is missing."""
    store = Store(settings.database_url)
    if not store.is_made():
        # Not opened: that would make an empty one.
        nothing = SettingError(f"INTAKE_DATA: {settings.data} holds no store; run 'intake init'")
        raise unopened(settings, FileNotFoundError()) if settings.database else nothing
    try:
        schema.require_newest(store)
    except SQLAlchemyError as error:
        raise unopened(settings, error) from error
    log = LogReader()
    return Server(settings, store, FileBlobs(settings.blobs), log, ProvenMembers(log, read_policy(settings.policy).log))


def read_policy(path: Path) -> Policy:
    """Whom members are told to believe about the server's log; `SettingError` where the file doesn't say so."""
    try:
        policy = parse_policy(path.read_bytes())
        # That it names one log is seen when that is asked for.
        _ = policy.log
    except FileNotFoundError:
        raise SettingError(f"INTAKE_DATA: {path} is missing; run 'intake init'") from None
    except PolicyError as error:
        raise SettingError(f"INTAKE_DATA: {path} is damaged; put back your copy of it ({error})") from None
    return policy


def unopened(settings: Settings, error: Exception) -> SettingError:
    """In words for whoever set where the store is."""
    where = "database" if settings.database else "INTAKE_DATA"
    return SettingError(f"{where}: the store can't be opened ({type(error).__name__}); is it where this setting says?")
