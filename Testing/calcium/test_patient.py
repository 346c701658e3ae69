"""Ethnicities as people write them."""

from __future__ import annotations

import pytest

from CACBoneAxisLib.calcium.patient import Patient


@pytest.mark.parametrize(
    ("written", "group"),
    [
        ("White", "white"),
        ("caucasian", "white"),
        ("Chinese", "chinese"),
        ("African-American", "black"),
        (" black ", "black"),
        ("Hispanic American", "hispanic"),
        ("Maori", None),
        ("", None),
        (None, None),
    ],
)
def test_the_group_of_the_tables(written: str | None, group: str | None) -> None:
    assert Patient(ethnicity=written).group == group
