"""`python -m i18n`: bring every catalogue up to date and say what lacks a translation."""

import click

from i18n.catalogues import lacking, paths, read, updated, wanted
from i18n.reviews import told


@click.command()
def main() -> None:
    """Bring every catalogue up to date, and say what lacks a translation, and who has reviewed the rest."""
    everything = wanted()
    for path in paths():
        path.write_text(updated(path, everything), "utf-8")
        catalogue = read(path)
        missing = lacking(catalogue, everything)
        click.echo(f"{path.parts[-3]}: {len(missing)} of {len(everything)} lack a translation; {told(path, catalogue)}")


if __name__ == "__main__":
    main()
