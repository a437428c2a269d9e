"""The packages from npm that tests use, installed as the lock file says."""

import shutil
import subprocess

from project import TESTS

NPM = TESTS / "npm"


def install_npm() -> None:
    """Install the locked packages, once for each lock file."""
    installed = NPM / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (NPM / "package-lock.json").stat().st_mtime:
        return
    assert shutil.which("npm"), "these tests need Node.js and npm: apt-get install nodejs npm"
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NPM, check=True, capture_output=True)
