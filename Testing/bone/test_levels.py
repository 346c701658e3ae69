import pytest

from CACBoneAxisLib.bone.levels import levels, parse_level


def test_there_are_seventeen_levels_from_the_head_down():
    assert list(levels()) == [*(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 6))]
    assert [level.order for level in levels().values()] == list(range(1, 18))
    assert {code for code, level in levels().items() if level.site == "lumbar"} == {"L1", "L2", "L3", "L4", "L5"}


def test_every_level_has_a_colour_of_its_own():
    assert len({level.color for level in levels().values()}) == 17


def test_every_level_has_a_code_of_its_own():
    assert len({level.snomed for level in levels().values()} - {None}) == 17
    assert levels()["L1"].snomed == "66794005"
    assert levels()["T12"].snomed == "23215003"
    assert levels()["T9"].snomed == "82687006"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("L1", "L1"),
        ("l1", "L1"),
        ("vertebrae_L1", "L1"),
        ("L1 region", "L1"),
        ("ROI-T12_2", "T12"),
        ("Th12", "T12"),
        ("T 9", "T9"),
        ("L05", "L5"),
        ("L1 (L1)", "L1"),
        ("L6", None),
        ("T13", None),
        ("L1-L2", None),
        ("LAD-1", None),
        ("R", None),
        ("XL1", None),
        ("L12", None),
        ("", None),
    ],
)
def test_a_name_is_a_level_when_it_mentions_exactly_one(text, level):
    assert parse_level(text) == level
