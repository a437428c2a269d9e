"""On a disk that is really full, who must still shut somebody out, delete or put the clock right can; no tracebacks."""

import os
import sys
from pathlib import Path

from commands import environment, run

SCRIPT = Path(__file__).with_name("full_disk.py")


def test_on_a_full_disk_the_ballast_lets_a_member_be_revoked_a_report_withdrawn_and_the_clock_corrected(
    tmp_path: Path,
) -> None:
    command = ["unshare", "--map-root-user", "--mount", sys.executable, str(SCRIPT), str(tmp_path)]
    done = run(command, environment={**environment(tmp_path), "PATH": os.environ["PATH"]})
    assert (done.returncode, done.stderr) == (0, "")
    assert dict(line.split(" ", 1) for line in done.stdout.splitlines()) == {
        "init": "True",
        "ballast": "16000000",
        "free": "True",
        "write": "True",
        "withdraw": "True",
        "revoke": "True",
        "clock": "True",
        "settle": "True",
        "again": "True True",
    }
