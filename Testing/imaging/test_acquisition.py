from __future__ import annotations

from CACBoneAxisLib.imaging.acquisition import Acquisition


def test_the_user_completes_what_the_file_does_not_say():
    merged, findings = Acquisition(kvp=120.0).merged(Acquisition(contrast=False))
    assert (merged.kvp, merged.contrast, findings) == (120.0, False, ())


def test_where_both_speak_and_disagree_the_user_is_right_and_it_is_said():
    merged, findings = Acquisition(kvp=120.0, sex="F").merged(Acquisition(kvp=100.0, sex="F"))
    assert merged.kvp == 100.0
    assert [f.code for f in findings] == ["acquisition-disagrees"]
    assert "Tube voltage" in findings[0].message and "120" in findings[0].message and "100" in findings[0].message


def test_false_is_a_statement_and_none_is_not():
    merged, findings = Acquisition(contrast=True, ecg_gated=True).merged(Acquisition(contrast=False))
    assert (merged.contrast, merged.ecg_gated, len(findings)) == (False, True, 1)
