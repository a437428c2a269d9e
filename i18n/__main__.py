"""`python -m i18n`: bring every catalogue up to date and say what lacks a translation."""

import click

from i18n.catalogues import lacking, paths, read, updated, wanted


@click.command()
def main() -> None:
    """Bring every catalogue up to date with the words of the source site, and say what lacks a translation."""
    everything = wanted()
    for path in paths():
        path.write_text(updated(path, everything), "utf-8")
        missing = lacking(read(path), everything)
        click.echo(f"{path.parts[-3]}: {len(missing)} of {len(everything)} lack a translation")


if __name__ == "__main__":
    main()
