"""The visual ordinal score: sums, groups, refusals."""

from __future__ import annotations

import pytest

from CACBoneAxisLib.calcium.visual import VisualReading


@pytest.mark.parametrize(
    ("classes", "total", "group", "death"),
    # Shemesh 2010: 1.2 / 1.8 / 5.0 / 5.3 % for 0, 1-3, 4-6, 7-12
    [
        ((0, 0, 0, 0), 0, "0", 1.2),
        ((0, 1, 0, 0), 1, "1-3", 1.8),
        ((0, 3, 0, 0), 3, "1-3", 1.8),
        ((1, 1, 1, 1), 4, "4-6", 5.0),
        ((0, 3, 3, 0), 6, "4-6", 5.0),
        ((1, 3, 3, 0), 7, "7-12", 5.3),
        ((3, 3, 3, 3), 12, "7-12", 5.3),
    ],
)
def test_each_group_of_the_paper(classes: tuple[int, ...], total: int, group: str, death: float) -> None:
    mapping = VisualReading(*classes).to_mapping()
    assert mapping is not None
    assert (mapping["sum"], mapping["group"], mapping["death_percent"]) == (total, group, death)


def test_cac_drs_by_eye_with_the_number_of_arteries_where_they_were_read() -> None:
    assert VisualReading(0, 2, 1, 0, 2).to_mapping()["cac_drs"] == "V2/N2"  # type: ignore[index]
    alone = VisualReading(cac_drs=0).to_mapping()
    assert alone is not None
    assert (alone["cac_drs"], alone["sum"], alone["death_percent"]) == ("V0", None, None)


def test_nothing_read_is_no_reading() -> None:
    assert VisualReading().to_mapping() is None


@pytest.mark.parametrize(("fields", "why"), [({"lad": 4}, "visual.lad"), ({"lad": 1}, "all four")])
def test_what_is_no_reading_is_refused(fields: dict[str, int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        VisualReading(**fields)
