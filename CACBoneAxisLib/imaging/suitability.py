"""Suitability of a scan for calcium and for bone, with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.attenuation import Attenuation
from CACBoneAxisLib.imaging.contrast import BRIGHTEST_UNENHANCED_HU, ENHANCED_HU, is_enhanced
from CACBoneAxisLib.imaging.coverage import Coverage, estimate_coverage, without_contradicted
from CACBoneAxisLib.imaging.findings import Finding, Verdict, finding, verdict
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.kernels import is_calcium_aware, is_sharp

STANDARD_KVP = 120.0
STANDARD_INCREMENT_MM = 3.0
# Files write increments with two decimals or more.
INCREMENT_TOLERANCE_MM = 0.05
THICK_INCREMENT_MM = 3.5
LARGEST_TILT_DEGREES = 5.0
# 512 pixels over the largest usual scan field of 500 mm are 0.98 mm, over an extended one of 780 mm 1.52 mm; cubic
# voxels above 1 mm result from resampling only.
LARGEST_USUAL_PIXEL_MM = 1.0
LARGEST_PIXEL_MM = 1.6
CUBE_TOLERANCE_MM = 1e-3
# One value in a thousand of a normal distribution lies this many standard deviations above the mean.
ONE_IN_A_THOUSAND_SD, THRESHOLD_HU = 3.09, 130.0
AIR_HU = -1000.0
AIR_BELOW_HU, AIR_ABOVE_HU = 30.0, 20.0
# A chest CT has air in lung and bowel, so a minimum above this was clipped.
DARKEST_EXPECTED_HU = -900.0
# Agatston weights end here and trabecular bone lies below, so clipping above it changes neither.
HARMLESS_CUT_HU = 400.0
# Planes of a reformat that lie within this are those that the scanner itself reconstructs.
OWN_PLANES_DEGREES = 0.1
REFORMATS = {
    *("MPR", "REFORMATTED", "REFORMAT", "MIP", "MINIP", "CPR", "RESAMPLED", "PROJECTION", "VRT", "SSD"),
    # Of enhanced CT: MAX_IP, MIN_IP, CURVED_MPR, VOLUME_RENDER, SURFACE_RENDER.
    *("MAXIMUM", "MINIMUM", "IP", "CURVED", "RENDER"),
}


@dataclass(frozen=True)
class Fitness:
    """Verdict ``standard``, ``opportunistic`` or ``unsuitable``, with its findings."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Suitability:
    """Suitability of a scan for calcium scoring and for bone density."""

    calcium: Fitness
    bone: Fitness


@dataclass(frozen=True, eq=False)
class _Scan:
    geometry: ImageGeometry
    acquisition: Acquisition
    attenuation: Attenuation
    blood: BloodPool | None = None
    coverage: Coverage | None = None


def assess(
    image: CTImage,
    acquisition: Acquisition,
    *,
    calibration_in_scan: bool = False,
    blood: BloodPool | None = None,
) -> Suitability:
    """Assess a scan for both questions.

    Findings about the file come first, then those of each rule, every code once. A finding
    belongs to the questions in its catalogue entry, or to both where it names neither.

    Parameters
    ----------
    image : CT in axial order
    acquisition : of file and user together
    calibration_in_scan : a calibration phantom was scanned with the patient, which makes
        bone density a measurement by protocol instead of an opportunistic one
    blood : measured in the aorta (``imaging/aorta.py``)

    Returns
    -------
    Suitability
        Each verdict is the worst effect that the catalogue gives any of its findings.
    """
    measured = Attenuation.of(image.hu)
    return assess_measured(
        image.geometry,
        acquisition,
        measured,
        image.findings,
        calibration_in_scan=calibration_in_scan,
        blood=blood,
        coverage=estimate_coverage(image),
    )


def assess_measured(
    geometry: ImageGeometry,
    acquisition: Acquisition,
    attenuation: Attenuation,
    of_file: Sequence[Finding] = (),
    *,
    calibration_in_scan: bool = False,
    blood: BloodPool | None = None,
    coverage: Coverage | None = None,
) -> Suitability:
    """Assess a scan like :func:`assess`, from some of its slices and its grid.

    Parameters
    ----------
    geometry : grid of the whole scan
    acquisition, calibration_in_scan, blood : as there
    attenuation : of the slices that were read
    of_file : findings about the file
    coverage : of heart and spine, None where it is said elsewhere
    """
    scan = _Scan(geometry, acquisition, attenuation, blood, coverage)
    found = {one.code: one for one in without_contradicted(of_file, coverage or Coverage())}
    for rule in RULES:
        for one in rule(scan):
            found.setdefault(one.code, one)
    if not calibration_in_scan:
        one = finding("bone-opportunistic")
        found[one.code] = one
    catalogue = load_table("findings")["findings"]
    calcium, bone = (
        tuple(one for one in found.values() if question in catalogue[one.code] or other not in catalogue[one.code])
        for question, other in (("calcium", "bone"), ("bone", "calcium"))
    )
    return Suitability(Fitness(verdict("calcium", calcium), calcium), Fitness(verdict("bone", bone), bone))


def _tube_voltage(scan: _Scan) -> Iterator[Finding]:
    kvp = scan.acquisition.kvp
    if kvp is None:
        yield finding("kvp-unknown")
    elif round(kvp) != STANDARD_KVP:
        aware = is_calcium_aware(scan.acquisition.kernel, scan.acquisition.manufacturer)
        code = "kvp-calcium-aware" if aware else "kvp-not-120"
        yield finding(code, kvp=f"{kvp:g}")


def _spectral(scan: _Scan) -> Iterator[Finding]:
    if scan.acquisition.spectral is not None:
        yield finding("spectral-image", what=scan.acquisition.spectral)


def _increment(scan: _Scan) -> Iterator[Finding]:
    increment = scan.geometry.slice_increment_mm
    if increment > THICK_INCREMENT_MM:
        yield finding("increment-thick", increment=f"{increment:g}")
    if abs(increment - STANDARD_INCREMENT_MM) > INCREMENT_TOLERANCE_MM:
        yield finding("increment-not-3", increment=f"{increment:g}", reference=f"{STANDARD_INCREMENT_MM:g}")


def _thickness(scan: _Scan) -> Iterator[Finding]:
    thickness, increment = scan.acquisition.slice_thickness_mm, scan.geometry.slice_increment_mm
    if thickness is None or abs(thickness - increment) <= INCREMENT_TOLERANCE_MM:
        return
    code = "slices-overlap" if thickness > increment else "slices-gap"
    yield finding(code, thickness=f"{thickness:g}", increment=f"{increment:g}")


def _gating(scan: _Scan) -> Iterator[Finding]:
    if scan.acquisition.ecg_gated is None:
        yield finding("gating-unknown")
    elif not scan.acquisition.ecg_gated:
        yield finding("not-gated")


def _contrast(scan: _Scan) -> Iterator[Finding]:
    stated, blood = scan.acquisition.contrast, scan.blood
    if blood is None:
        if stated is None:
            yield finding("contrast-unknown")
        elif stated:
            yield finding("contrast-enhanced")
        return
    values = {"blood": f"{blood.hu:.0f}", "where": blood.where}
    if blood.hu > ENHANCED_HU:
        yield finding("blood-enhanced", limit=f"{ENHANCED_HU:g}", **values)
    elif is_enhanced(stated, blood.hu):
        yield finding("contrast-enhanced")
        yield finding("blood-bright", limit=f"{BRIGHTEST_UNENHANCED_HU:g}", **values)
    elif stated:
        yield finding("contrast-not-seen", **values)
    elif blood.hu > BRIGHTEST_UNENHANCED_HU:
        yield finding("blood-bright", limit=f"{BRIGHTEST_UNENHANCED_HU:g}", **values)


def _noise(scan: _Scan) -> Iterator[Finding]:
    blood = scan.blood
    if blood is None or is_enhanced(scan.acquisition.contrast, blood.hu):
        return
    if blood.hu + ONE_IN_A_THOUSAND_SD * blood.noise_hu > THRESHOLD_HU:
        yield finding("noise-high", noise=f"{blood.noise_hu:.0f}")


def _kernel(scan: _Scan) -> Iterator[Finding]:
    if is_sharp(scan.acquisition.kernel, scan.acquisition.manufacturer):
        yield finding("kernel-sharp", kernel=scan.acquisition.kernel)


def _pixels(scan: _Scan) -> Iterator[Finding]:
    spacing = scan.geometry.spacing_mm
    pixel = max(spacing[:2])
    if pixel <= LARGEST_USUAL_PIXEL_MM:
        return
    resampled = pixel > LARGEST_PIXEL_MM or max(spacing) - min(spacing) <= CUBE_TOLERANCE_MM
    yield finding("pixels-coarse" if resampled else "pixels-large", pixel=f"{pixel:.3g}")


def _heart(scan: _Scan) -> Iterator[Finding]:
    # Where nothing is dark, lungs would not be seen either.
    dark = scan.attenuation.lowest_tissue <= DARKEST_EXPECTED_HU
    if dark and scan.coverage is not None and scan.coverage.heart == "none":
        yield finding("heart-not-seen")


def _orientation(scan: _Scan) -> Iterator[Finding]:
    tilt = scan.geometry.slice_tilt_degrees
    if tilt > LARGEST_TILT_DEGREES:
        yield finding("slices-not-axial", degrees=f"{tilt:.1f}", limit=f"{LARGEST_TILT_DEGREES:g}")


def _reformat(scan: _Scan) -> Iterator[Finding]:
    image_type = scan.acquisition.image_type or ()
    words = {word for value in image_type for word in value.upper().replace("_", " ").split()}
    if not image_type or image_type[0].upper() == "ORIGINAL" or not words & REFORMATS:
        return
    geometry, thickness = scan.geometry, scan.acquisition.slice_thickness_mm
    contiguous = thickness is None or thickness >= geometry.slice_increment_mm - INCREMENT_TOLERANCE_MM
    if words & REFORMATS == {"MPR"} and geometry.slice_tilt_degrees <= OWN_PLANES_DEGREES and contiguous:
        yield finding("reformatted-axial", image_type="\\".join(image_type))
    else:
        yield finding("reformatted", image_type="\\".join(image_type))


def _fractions(scan: _Scan) -> Iterator[Finding]:
    if scan.attenuation.fractional:
        yield finding("hu-fractional")


def _darkest(scan: _Scan) -> Iterator[Finding]:
    lowest, air, padding = scan.attenuation.lowest_tissue, scan.attenuation.air_hu, scan.attenuation.padding_hu
    without = air is None and not scan.attenuation.lung
    if without and (padding is not None or lowest <= DARKEST_EXPECTED_HU):
        yield finding("hu-scale-unchecked", minimum=f"{scan.attenuation.lowest:.0f}")
    elif lowest > DARKEST_EXPECTED_HU:
        yield finding("hu-clipped-low", minimum=f"{lowest:.0f}")
    elif air is not None and not (AIR_HU - AIR_BELOW_HU <= air <= AIR_HU + AIR_ABOVE_HU):
        yield finding("hu-air-off", air=f"{air:.0f}")


def _brightest(scan: _Scan) -> Iterator[Finding]:
    cut = scan.attenuation.cut_at_hu
    if cut is not None:
        maximum, part = cut
        code = "hu-clipped-high" if maximum <= HARMLESS_CUT_HU else "hu-clipped-dense"
        yield finding(code, maximum=f"{maximum:.0f}", percent=f"{100 * part:.2g}")


RULES: tuple[Callable[[_Scan], Iterator[Finding]], ...] = (
    _tube_voltage,
    _spectral,
    _increment,
    _thickness,
    _gating,
    _contrast,
    _noise,
    _kernel,
    _pixels,
    _heart,
    _orientation,
    _reformat,
    _fractions,
    _darkest,
    _brightest,
)
