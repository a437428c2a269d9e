"""Puts the files that stand at the top of a checkout into the wheel; everything else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithToplevel(build_py):
    """They go below `intake`, where `intake/toplevel.py` finds them: a module called `wsgi` is everybody's name."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "intake", "toplevel_files")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree("migrations", target / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("wsgi.py", "gunicorn.conf.py"):
            shutil.copy(name, target)


setup(cmdclass={"build_py": BuildWithToplevel})
