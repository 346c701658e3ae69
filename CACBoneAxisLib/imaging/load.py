"""Read a CT of any format into axial order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from CACBoneAxisLib.imaging.detached import content_files
from CACBoneAxisLib.imaging.dicom.files import DICOM_SUFFIXES
from CACBoneAxisLib.imaging.dicom.series import find_series
from CACBoneAxisLib.imaging.dicom.slices import is_dicom
from CACBoneAxisLib.imaging.dicom.survey import Question, choose_automatically
from CACBoneAxisLib.imaging.dicom.volume import read_dicom, read_series
from CACBoneAxisLib.imaging.filekinds import refuse_folder, refuse_other
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.imaging.hounsfield import as_hounsfield
from CACBoneAxisLib.imaging.image import CTImage, ImageSource
from CACBoneAxisLib.imaging.imagefile import check_spacing, format_name, read_stored
from CACBoneAxisLib.imaging.integrity import content_sha256
from CACBoneAxisLib.imaging.orient import to_axial

# What --series may say instead of a series: pick the one that suits the question, or else the other question.
AUTOMATIC: dict[str, tuple[Question, ...]] = {
    "auto": ("calcium", "bone"),
    "auto:calcium": ("calcium", "bone"),
    "auto:bone": ("bone", "calcium"),
}


def read_ct(
    path: str | Path,
    *,
    series: str | int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> CTImage:
    """Read a CT as one image in axial order: x to the left, y to the back, z to the head.

    Parameters
    ----------
    path : DICOM folder or file, NRRD, NIfTI, MetaImage or another format that SimpleITK reads
    series : which DICOM series, by its number in the list, its description or its UID; ``auto`` picks the one
        that suits calcium (``auto:bone``: bone) best and says so in a finding; it changes nothing for other formats
    progress : called with what is being done and the fraction done (0 to 1)

    Returns
    -------
    CTImage
        ``hu`` is int16 where the values are whole numbers and float32 otherwise, read-only,
        as the file's rescale gives them; it may be a view with negative strides. No copy of
        a volume that is stored as int16 is made. ``source`` has the name without its path
        and the SHA-256 of the content (of a DICOM series: of its files' sorted hashes).

    Raises
    ------
    UnusableInputError
        When the input cannot be used as a CT, with the reason in one sentence.
    """
    path = Path(path)
    try:
        if path.is_dir() or (path.is_file() and (is_dicom(path) or path.name.lower().endswith(DICOM_SUFFIXES))):
            image = _from_dicom(path, series, progress)
        else:
            image = _from_file(path, series, progress)
    except PermissionError:
        raise refusal("file-unreadable", file=path.name) from None
    except UnusableInputError as error:
        if error.code == "no-ct" and path.is_dir():
            refuse_folder(path)
        raise
    if progress is not None:
        progress("Reading", 1.0)
    return image


def _from_dicom(path: Path, series: str | int | None, progress: Callable[[str, float], None] | None) -> CTImage:
    if path.is_file() and not is_dicom(path):
        raise refusal("file-unreadable", file=path.name)
    # A path such as "." has no name of its own.
    name = path.name or path.resolve().name
    questions = AUTOMATIC.get(str(series).strip().lower())
    if questions is None:
        volume = read_dicom(path, series, progress)
    else:
        found = find_series(path, progress)
        chosen, said = choose_automatically(found, questions, name, progress)
        volume = read_series(chosen, name, found, progress)
        volume = replace(volume, findings=(*volume.findings, said))
    check_spacing(volume.geometry.spacing_mm, name)
    hounsfield = as_hounsfield(volume.array, name)
    view, geometry = to_axial(hounsfield.values, volume.geometry)
    view.flags.writeable = False
    return CTImage(
        view,
        geometry,
        volume.acquisition,
        ImageSource(name, "DICOM", volume.sha256),
        volume.findings + hounsfield.findings,
        volume.slices,
    )


def _from_file(path: Path, series: str | int | None, progress: Callable[[str, float], None] | None) -> CTImage:
    if not path.exists():
        raise refusal("file-missing", file=path.name)
    refuse_other(path, "image")
    if series is not None and str(series).strip().lower() not in AUTOMATIC:
        raise refusal("series-unknown", file=path.name, series=series, known="one image")
    if progress is not None:
        progress("Reading", 0.0)
    with ThreadPoolExecutor(1) as pool:
        digest: Future[str] = pool.submit(content_sha256, content_files(path))
        stored = read_stored(path)
        hounsfield = as_hounsfield(stored.array, path.name)
        sha256 = digest.result()
    view, geometry = to_axial(hounsfield.values, stored.geometry)
    if geometry.shape[0] < 2:
        raise refusal("single-slice", file=path.name)
    view.flags.writeable = False
    return CTImage(
        view,
        geometry,
        source=ImageSource(path.name, format_name(path), sha256),
        findings=stored.findings + hounsfield.findings,
    )
