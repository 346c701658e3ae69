"""The picture of a calibration by tissues is made where there is one."""

from CACBoneAxisLib.report.tissuefigure import tissue_figure

SAMPLES = [
    {"name": name, "hu": hu, "sd_hu": 10.0, "voxels": 500, "where": "found"}
    for name, hu in (("air", -1000.0), ("fat", -100.0), ("blood", 45.0), ("muscle", 50.0))
]
SCAN = {
    "samples": SAMPLES,
    "energy_kev": 73.0,
    "variance": [0.003, 70.0, 0.4],
    "uncertainty_at_150_hu_mg_cm3": 16.0,
    "accepted": True,
}


def test_the_caption_says_what_it_rests_on_and_how_uncertain_it_is():
    line = {"slope": 0.81, "intercept": 11.0, "tissue_scan": SCAN}
    made = tissue_figure({"bone": {"calibration": line}})
    assert made.png.startswith(b"\x89PNG")
    for words in ("Research only", "fat -100 HU (500 voxels, found)", "16 mg/cm3 at 150 HU"):
        assert words in made.caption


def test_without_tissues_or_where_they_were_refused_there_is_none():
    assert tissue_figure({"bone": {"calibration": {"tissue_scan": None}}}) is None
    assert tissue_figure({"bone": {"calibration": {"tissue_scan": SCAN | {"accepted": False}}}}) is None
