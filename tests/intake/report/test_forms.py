"""Every version of the form that was ever in force is kept as it was: reports of its time are shown in its words."""

import json
import tomllib
from hashlib import sha256

import pytest

from intake.report.definition import FORMS, forms, load_form

DIGESTS = {
    1: "c0f87a23efec2b903a3d77b566eb8e4b8bfbfb6adc70754674dabfcb536ceb39",
    2: "1ac9c179db2d80ed68961fed0d5cc48deddf5014382880671997fbf454ba268c",
    3: "7cc0cfc799bfd209b7e8d2284d628f79ceefcb28afd53fda857d7cc328ac0fd3",
}
"""SHA-256 of each version's questions, choices and words. Whoever changes one of them makes a version of their own."""


@pytest.mark.parametrize("version", DIGESTS)
def test_a_form_that_was_in_force_never_changes(version: int) -> None:
    questions = tomllib.loads(FORMS.joinpath(f"{version}.toml").read_text("utf-8"))
    assert sha256(json.dumps(questions).encode()).hexdigest() == DIGESTS[version]


def test_every_version_is_kept_and_the_newest_is_in_force() -> None:
    assert sorted(forms()) == sorted(DIGESTS) == list(range(1, len(DIGESTS) + 1))
    assert load_form() == forms()[max(DIGESTS)]


@pytest.mark.parametrize("version", DIGESTS)
def test_no_key_stands_twice_in_a_form(version: int) -> None:
    form = forms()[version]
    assert len(form.by_key) == len(list(form.fields))
    for kind in form.entries:
        assert len({field.key for field in kind.fields}) == len(kind.fields)
