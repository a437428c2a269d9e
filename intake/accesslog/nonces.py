"""The nonces of requests that could still be let in again."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from intake.protocol.requests import LIFETIME, SignedRequest
from intake.storage.tables import Nonce


def is_used(session: Session, signed: SignedRequest) -> bool:
    """Whether a request with this nonce was let in and might be once more."""
    return session.get(Nonce, signed.nonce) is not None


def remember(session: Session, signed: SignedRequest) -> None:
    """Keep the nonce of a request for as long as an entry could hold it."""
    expires = signed.created + LIFETIME + timedelta(minutes=1)
    session.merge(Nonce(value=signed.nonce, expires=int(expires.timestamp())))
    session.flush()


def forget(session: Session, before: datetime) -> None:
    """Drop the nonces of requests that no entry of this time or a later one can hold."""
    session.execute(delete(Nonce).where(Nonce.expires < int(before.timestamp())))
