"""The structured report: all measurements of a result, its findings, and the reading itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.dicomout.codes import CALCIUM_SCORING, COMMENT, coded, concept, highdicom
from CACBoneAxisLib.dicomout.groups import Maker
from CACBoneAxisLib.dicomout.segments import SOFTWARE, Placed
from CACBoneAxisLib.dicomout.source import SourceSeries
from CACBoneAxisLib.dicomout.storedreading import StoredReading
from CACBoneAxisLib.report import calciummeaning, wording

DESCRIPTION = "CACBoneAxis measurements, research use only"
LONGEST_NAME = 64


def structured_report(
    result: Mapping[str, Any],
    reading: StoredReading,
    series: SourceSeries,
    placed: Mapping[str, Placed],
    made: datetime,
    number: int,
) -> Any:
    """Build the DICOM structured report of a result (Comprehensive 3D SR, TID 1500).

    Parameters
    ----------
    result : the mapping of ``result.json``
    reading : what the result was made of, kept as JSON in a text item
    series : of the CT
    placed : the segments that measurements refer to, by key
    made : when the result was made
    number : of the series
    """
    hd = highdicom()
    version = str(result["provenance"]["version"])
    approved = result["provenance"].get("approved")
    content = hd.sr.MeasurementReport(
        observation_context=_observers(series, version, approved),
        procedure_reported=coded(CALCIUM_SCORING),
        imaging_measurements=Maker(result, series, placed, version).groups(),
        title=coded(("DCM", "126000", "Imaging Measurement Report")),
    )
    for text in comments(result):
        content[0].ContentSequence.append(_text(COMMENT, text))
    content[0].ContentSequence.append(_text(concept("reading"), reading.to_text()))
    segmentations = {id(one.dataset): one.dataset for one in placed.values()}
    scheme = load_table("dicom_concepts")["scheme"]
    return hd.sr.Comprehensive3DSR(
        evidence=[*series.datasets, *segmentations.values()],
        content=content[0],
        series_instance_uid=series.new_uid(DESCRIPTION, made.isoformat()),
        series_number=number,
        sop_instance_uid=series.new_uid(DESCRIPTION, made.isoformat(), "1"),
        instance_number=1,
        manufacturer=SOFTWARE,
        is_complete=True,
        # Preliminary until a reader approved it; nobody verifies it, because it is for research.
        is_final=approved is not None,
        manufacturer_model_name=SOFTWARE,
        software_versions=version,
        device_serial_number=version,
        series_description=DESCRIPTION,
        coding_schemes=[
            hd.coding_schemes.CodingSchemeIdentificationItem(
                designator=scheme["designator"], name=scheme["name"], responsible_organization=scheme["responsible"]
            )
        ],
    )


def _observers(series: SourceSeries, version: str, approved: Mapping[str, Any] | None) -> Any:
    """Return the observers: the software, and the reader who approved the reading."""
    hd = highdicom()
    device = hd.sr.ObserverContext(
        observer_type=coded(("DCM", "121007", "Device")),
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=series.new_uid("software", version),
            name=SOFTWARE,
            manufacturer_name=SOFTWARE,
            model_name=SOFTWARE,
            serial_number=version,
        ),
    )
    person = None
    if approved is not None:
        # One text as the family name: which words of it are first names is not known.
        name = re.sub(r"[\\\\^=]", " ", str(approved["name"]))[: LONGEST_NAME - 1]
        person = hd.sr.ObserverContext(
            observer_type=coded(("DCM", "121006", "Person")),
            observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name=f"{name}^"),
        )
    return hd.sr.ObservationContext(observer_person_context=person, observer_device_context=device)


def comments(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the comments: research use, findings, and values in words with their sources."""
    yield wording.RESEARCH_USE
    for remark in wording.remarks(result):
        yield f"{remark.severity} ({', '.join(remark.concerns)}): {remark.message}"
    for name, words, source in calciummeaning.lines(result):
        yield f"{name}: {words} ({source})"
    bone = result["bone"]
    for label, values in [("mean", bone["summary"]), *((v["level"], v) for v in bone["vertebrae"])]:
        for words in wording.threshold_words(values["hu_thresholds"]):
            yield f"{label}: {words}"
        for words in map(wording.estimate_words, values["estimates"]):
            yield f"{label}: {words}"


def _text(name: Any, value: str) -> Any:
    sr = highdicom().sr
    return sr.TextContentItem(coded(name), value, relationship_type=sr.RelationshipTypeValues.CONTAINS)
