"""Header traits that separate the images of one series: kernel, tube voltage, phase, contrast agent ..."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.imaging.dicom.elements import first, kernel, number, text
from CACBoneAxisLib.imaging.dicom.transfersyntax import LOSSY_SYNTAXES

PHASE = "NominalPercentageOfCardiacPhase"
# Name, then unit, in the order in which they are tried.
TRAITS = {
    "frame of reference": "",
    "stack": "",
    "kernel": "",
    "thickness": "mm",
    "tube voltage": "kVp",
    "phase": "%",
    "contrast agent": "",
    "table height": "mm",
    "ECG gating": "",
    "scanner": "",
    "lossy compression": "",
    "trigger time": "ms",
    "temporal position": "",
    "acquisition": "",
    "image type": "",
    "exposure": "mAs",
}
TRAIT_ELEMENTS = (
    *("FrameOfReferenceUID", "ConvolutionKernel", "SliceThickness", "KVP", PHASE, "ContrastBolusAgent", "TableHeight"),
    *("CardiacSynchronizationTechnique", "Manufacturer", "ManufacturerModelName", "LossyImageCompression"),
    *("TriggerTime", "TemporalPositionIdentifier", "AcquisitionNumber", "ImageType", "Exposure"),
)
NAMES = tuple(TRAITS)
# Table heights are rounded; the reached cardiac phase differs slightly from the requested one.
TOLERANCES = {"table height": 1.0, "phase": 3.0, "thickness": 0.01}


def trait(traits: tuple[str, ...], name: str) -> str:
    """Return a trait by name; empty where the header is silent."""
    return traits[NAMES.index(name)]


def alike(name: str, values: set[str]) -> bool:
    """Return whether two values of a trait agree up to rounding."""
    if name not in TOLERANCES or "" in values:
        return len(values) < 2
    numbers = [float(value) for value in values]
    return max(numbers) - min(numbers) <= TOLERANCES[name]


def classic_traits(header: Any) -> tuple[str, ...]:
    """Return the ``TRAITS`` of a single-image header."""

    def figure(keyword: str) -> str:
        return _plain(number(header, keyword))

    return (
        text(header, "FrameOfReferenceUID"),
        "",
        text(header, "ConvolutionKernel"),
        figure("SliceThickness"),
        figure("KVP"),
        figure(PHASE),
        text(header, "ContrastBolusAgent"),
        figure("TableHeight"),
        text(header, "CardiacSynchronizationTechnique"),
        _scanner(header),
        _lossy(header),
        figure("TriggerTime"),
        text(header, "TemporalPositionIdentifier"),
        text(header, "AcquisitionNumber"),
        text(header, "ImageType"),
        figure("Exposure"),
    )


def frame_traits(header: Any, shared: Any, own: Any) -> tuple[str, ...]:
    """Return the ``TRAITS`` of a frame, from its own or the shared functional groups."""

    def of(sequence: str) -> Any:
        return first(own, sequence) or first(shared, sequence)

    content, cardiac = of("FrameContentSequence"), of("CardiacSynchronizationSequence")
    converted = first(own, "UnassignedPerFrameConvertedAttributesSequence")

    def figure(keyword: str, *groups: Any) -> str:
        return next((_plain(value) for group in groups if (value := number(group, keyword)) is not None), "")

    return (
        text(header, "FrameOfReferenceUID"),
        text(content, "StackID"),
        text(of("CTReconstructionSequence"), "ConvolutionKernel")
        or text(converted, "ConvolutionKernel")
        or (kernel(header) or ""),
        figure("SliceThickness", of("PixelMeasuresSequence")),
        figure("KVP", of("CTXRayDetailsSequence"), converted),
        figure(PHASE, cardiac, converted),
        text(of("ContrastBolusUsageSequence"), "ContrastBolusAgentAdministered")
        or text(converted, "ContrastBolusAgent"),
        figure("TableHeight", of("CTGeometrySequence"), of("CTTableDynamicsSequence"), converted),
        text(header, "CardiacSynchronizationTechnique") or text(converted, "CardiacSynchronizationTechnique"),
        _scanner(header),
        _lossy(header),
        figure("NominalCardiacTriggerDelayTime", cardiac) or figure("TriggerTime", converted),
        text(content, "TemporalPositionIndex") or text(converted, "TemporalPositionIdentifier"),
        text(content, "FrameAcquisitionNumber") or text(converted, "AcquisitionNumber"),
        text(of("CTImageFrameTypeSequence"), "FrameType") or text(converted, "ImageType"),
        figure("ExposureInmAs", of("CTExposureSequence")) or figure("Exposure", converted),
    )


def _scanner(header: Any) -> str:
    return " ".join(filter(None, (text(header, "Manufacturer"), text(header, "ManufacturerModelName"))))


def _lossy(header: Any) -> str:
    syntax = text(getattr(header, "file_meta", None), "TransferSyntaxUID")
    return "01" if text(header, "LossyImageCompression") == "01" or syntax in LOSSY_SYNTAXES else ""


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
