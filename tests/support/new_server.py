"""A server's data directory as `initialise` fills it, copied from one that each process of tests makes once.

So all servers of a process begin with the same key of the log. The tests of `initialise` itself call that.
"""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from intake.keeper import initialise, settings_file
from intake.settings import FILE, Settings, load


def new_server(data: Path, values: dict[str, Any]) -> Settings:
    """A new server's settings; `values` go into its `intake.toml`. Its store is the one that is there by default."""
    shutil.copytree(_filled(), data)
    (data / FILE).write_text(settings_file(Settings(data=data, **values)), "utf-8")
    return load({"INTAKE_DATA": str(data)})


@cache
def _filled() -> Path:
    directory = Path(mkdtemp(prefix="intake-tests-"))
    atexit.register(shutil.rmtree, directory)
    return initialise(directory / "data", {}).data
