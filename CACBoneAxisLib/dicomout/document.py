"""The report's PDF as an Encapsulated PDF instance in the CT's study."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from CACBoneAxisLib.dicomout.codes import highdicom
from CACBoneAxisLib.dicomout.segments import SOFTWARE
from CACBoneAxisLib.dicomout.source import SourceSeries

ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DESCRIPTION = "CACBoneAxis report, research use only"
TITLE = "Coronary calcium and bone density"
# DICOM PS3.16, CID 7020: what kind of document it is.
QUANTITATIVE_REPORT = ("126000", "DCM", "Imaging Measurement Report")


def encapsulated_pdf(pdf: bytes, series: SourceSeries, version: str, made: datetime, number: int) -> Any:
    """Wrap a PDF in a DICOM object of the CT's study.

    Parameters
    ----------
    pdf : the file's bytes
    series : of the CT
    version : of this software
    made : when the result was made
    number : of the series
    """
    hd = highdicom()
    first = series.datasets[0]
    document = hd.base.SOPClass(
        study_instance_uid=first.StudyInstanceUID,
        series_instance_uid=series.new_uid(DESCRIPTION, made.isoformat()),
        series_number=number,
        sop_instance_uid=series.new_uid(DESCRIPTION, made.isoformat(), "1"),
        sop_class_uid=ENCAPSULATED_PDF,
        instance_number=1,
        modality="DOC",
        manufacturer=SOFTWARE,
        transfer_syntax_uid=EXPLICIT_LITTLE_ENDIAN,
        series_description=DESCRIPTION,
        manufacturer_model_name=SOFTWARE,
        software_versions=version,
        device_serial_number=version,
    )
    document.copy_patient_and_study_information(first)
    document.ConversionType = "WSD"
    document.AcquisitionDateTime = None
    # The page names neither the patient nor a number of theirs.
    document.BurnedInAnnotation = "NO"
    document.DocumentTitle = TITLE
    value, scheme, meaning = QUANTITATIVE_REPORT
    document.ConceptNameCodeSequence = [hd.sr.CodedConcept(value, scheme, meaning)]
    document.SourceInstanceSequence = [_reference(one) for one in series.datasets]
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    document.EncapsulatedDocumentLength = len(pdf)
    return document


def _reference(dataset: Any) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = dataset.SOPClassUID
    item.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    return item
