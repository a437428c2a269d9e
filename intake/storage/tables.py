"""The tables. Ids are random, days carry no time, and what a source wrote is sealed before it comes here.

Reviewers and auditors have no table: they are the enrolments and revocations in the log, one place for each fact.
"""

from datetime import date

from sqlalchemy import Enum, ForeignKey, Index, LargeBinary, String, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from intake.protocol.kinds import Kind

# SQLite's rowid would number the rows in their order of arrival.
_NO_ROWID = {"sqlite_with_rowid": False}


class Base(DeclarativeBase):
    """The schema that migrations must arrive at."""


class Tip(Base):
    """One report and all that belongs to it. `chain`: where its source goes on, sealed to the source alone.

    The summary is an age file in its two parts: `header` says who can open it, and `payload` stays until the tip gets
    another identity. `readers`: key ids, a space between them, where the log restricts it to some. `renewals`: how
    often it got one.

    `slowly`: its source has chosen that withdrawing it takes some days. `leaving`: the day on which it goes, if the
    source has asked for that, and `word`: the source's signature of it.
    """

    __tablename__ = "tip"
    __table_args__ = (Index("tip_by_day", "day"), _NO_ROWID)

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    day: Mapped[date]
    recipient: Mapped[str] = mapped_column(String)
    lookup: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    chain: Mapped[bytes | None] = mapped_column(LargeBinary)
    header: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    slowly: Mapped[bool] = mapped_column(default=False, server_default=false())
    leaving: Mapped[date | None]
    word: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    readers: Mapped[str | None] = mapped_column(String)
    renewals: Mapped[int] = mapped_column(default=0, server_default=text("0"))

    @property
    def summary(self) -> bytes:
        """The two parts as the one file that they are."""
        return self.header + self.payload


class Withdrawal(Base):
    """The word of a source, by its signature, that it has withdrawn a tip; all that is left of the tip."""

    __tablename__ = "withdrawal"
    __table_args__ = (_NO_ROWID,)

    tip_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    day: Mapped[date]
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))


class Item(Base):
    """One sealed thing of a tip: `sealed` holds its bytes, or `blob` the id of the blob that does."""

    __tablename__ = "item"
    __table_args__ = (Index("item_by_tip", "tip_id"), Index("item_by_day", "day"), _NO_ROWID)

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    tip_id: Mapped[bytes] = mapped_column(ForeignKey("tip.id", ondelete="CASCADE"))
    kind: Mapped[Kind] = mapped_column(
        Enum(Kind, native_enum=False, length=16, values_callable=lambda kinds: [kind.value for kind in kinds])
    )
    day: Mapped[date]
    size: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    blob: Mapped[str | None] = mapped_column(String(32))


class TakenBack(Base):
    """A reply that the team took back: nothing comes under its id any more.

    `day`: the one on which it was deleted; None if there was nothing to delete.
    """

    __tablename__ = "taken_back"
    __table_args__ = (Index("taken_back_by_tip", "tip_id"), _NO_ROWID)

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    tip_id: Mapped[bytes] = mapped_column(ForeignKey("tip.id", ondelete="CASCADE"))
    day: Mapped[date | None]


class Hidden(Base):
    """A tip or an item that the index doesn't show yet. `until`: Unix time of the gate at which it does."""

    __tablename__ = "hidden"
    __table_args__ = (Index("hidden_by_tip", "tip_id"), _NO_ROWID)

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    tip_id: Mapped[bytes] = mapped_column(ForeignKey("tip.id", ondelete="CASCADE"))
    until: Mapped[int]


class Day(Base):
    """What the index says of a day: its `rows` as they are answered, how many tips and items show, and the SHA-256.

    Rows and `digest` are None where something of that day came, went, changed or began to show since: the database
    itself sees to that, by triggers, whoever writes.
    """

    __tablename__ = "day"
    __table_args__ = (_NO_ROWID,)

    day: Mapped[date] = mapped_column(primary_key=True)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    tips: Mapped[int]
    items: Mapped[int]
    rows: Mapped[bytes | None] = mapped_column(LargeBinary)


class Handover(Base):
    """An identity that a member (`member`: key id) hands over to their other machines.

    It is sealed to the recipient that it took the place of (`replaces`: SHA-256 of that).
    """

    __tablename__ = "handover"
    __table_args__ = (_NO_ROWID,)

    member: Mapped[str] = mapped_column(String(32), primary_key=True)
    replaces: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Added(Base):
    """How many bytes a member (`member`: key id) has added on the newest day on which they added anything."""

    __tablename__ = "added"
    __table_args__ = (_NO_ROWID,)

    member: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date]
    size: Mapped[int]


class Deposit(Base):
    """A member's own keys (`member`: key id), sealed to what they have on paper."""

    __tablename__ = "deposit"
    __table_args__ = (_NO_ROWID,)

    member: Mapped[str] = mapped_column(String(32), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class LogEntry(Base):
    """One line of the access log, as it was hashed. `index` is its leaf's, from 0 without a gap.

    `rules`: whether it decides about entries to come (`Entry.rules`); an index has just these.
    """

    __tablename__ = "log_entry"
    __table_args__ = (Index("log_rulings", "index", sqlite_where=text("rules")),)

    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Before the body: what lies behind one that is long is read through all of its pages.
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    rules: Mapped[bool] = mapped_column(default=False)


class LogHead(Base):
    """A checkpoint that was signed. All are kept: earlier trees are what later proofs stand on.

    `frontier`: the tree's right edge, from which the next append goes on; of the newest one only.
    """

    __tablename__ = "log_head"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    checkpoint: Mapped[bytes] = mapped_column(LargeBinary)
    frontier: Mapped[bytes | None] = mapped_column(LargeBinary)


class LogCosigned(Base):
    """A checkpoint with the cosignatures of witnesses. Of these only those that members are still shown are kept.

    `enough`: whether they are as many as the server's own policy asks for.
    """

    __tablename__ = "log_cosigned"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    checkpoint: Mapped[bytes] = mapped_column(LargeBinary)
    enough: Mapped[bool]


class Nonce(Base):
    """A nonce that a signed request has used, kept until its signature has expired (`expires`: Unix time)."""

    __tablename__ = "nonce"
    __table_args__ = (_NO_ROWID,)

    value: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires: Mapped[int] = mapped_column(index=True)
