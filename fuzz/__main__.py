"""`python -m fuzz [TARGET …] [--seconds N]`: each target in a process of its own, coverage-guided (atheris)."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

_LARGEST = 8192
"""Bytes of an input at most."""


@click.command()
@click.argument("names", nargs=-1, metavar="[TARGET]…")
@click.option("--seconds", default=60, show_default=True, help="How long for each target.")
@click.option("--here", is_flag=True, hidden=True, help="Fuzz one target in this process.")
def main(names: tuple[str, ...], seconds: int, here: bool) -> None:
    """Fuzz the targets that are named, or all. The first failing input ends it, and is printed in hex."""
    if here:
        _fuzz(names[0], seconds)
        return
    from fuzz.targets import TARGETS  # noqa: PLC0415 - not before atheris watches the imports, in the other case

    if unknown := set(names) - TARGETS.keys():
        raise click.UsageError(f"no target {', '.join(sorted(unknown))}; there are: {', '.join(TARGETS)}")
    wanted = names or tuple(TARGETS)
    for number, name in enumerate(wanted, 1):
        click.echo(f"[{number}/{len(wanted)}] {name}: ", nl=False)
        command = [sys.executable, "-m", "fuzz", name, "--seconds", str(seconds), "--here"]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        lines = ended.stderr.splitlines()
        if ended.returncode:
            raise click.ClickException("\n".join(["", *lines[-40:]]))
        click.echo(next((line for line in reversed(lines) if line.startswith("Done")), "done"))


def _fuzz(name: str, seconds: int) -> None:
    import atheris  # noqa: PLC0415 - needed in the fuzzing process alone

    with atheris.instrument_imports(
        include=["crypto", "intake.protocol", "intake.report", "intake.source.upload.parts", "multipart"]
    ):
        from fuzz.targets import TARGETS  # noqa: PLC0415
    target = TARGETS[name]
    with TemporaryDirectory() as directory:
        for number, seed in enumerate(target.seeds):
            (Path(directory) / str(number)).write_bytes(seed)
        flags = [f"-max_total_time={seconds}", f"-max_len={_LARGEST}", f"-artifact_prefix={directory}/", "-timeout=20"]
        atheris.Setup([sys.argv[0], *flags, directory], target.check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
