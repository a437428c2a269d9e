"""`intake`, with a witness that dies of kill -9 at its first cosignature: recorded by then, and not answered."""

import os
import signal
from typing import NoReturn

from crypto.cosignature import CosigningKey
from intake.cli import main


def die(*_arguments: object) -> NoReturn:
    """End as whatever is killed does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit


if __name__ == "__main__":
    CosigningKey.cosign = die  # type: ignore[assignment,method-assign]
    main()
