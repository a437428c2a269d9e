"""Where several processes remember together: the storage of limits_storage, and how long anybody waits for it."""

from typing import Any

from limits.storage import Storage, storage_from_string

_PATIENCE = 1


def storage_options(uri: str) -> dict[str, Any]:
    """How a storage behind this URI is used: patient for a second, and never twice."""
    if uri.startswith("memory:"):
        return {}
    # Needed only here, and installed only where it is.
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    # A storage that hangs must hold up a page for no longer than this, and not again and again.
    return {
        "socket_timeout": _PATIENCE,
        "socket_connect_timeout": _PATIENCE,
        "retry": Retry(NoBackoff(), 0),
    }


def open_storage(uri: str) -> Storage:
    """The storage; what fails in it raises `limits.errors.StorageError`."""
    storage = storage_from_string(uri, wrap_exceptions=True, **storage_options(uri))
    if not isinstance(storage, Storage):
        raise TypeError("limits_storage must not be an asynchronous one")
    return storage
