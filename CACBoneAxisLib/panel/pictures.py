"""Show pictures of the report in the panel."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import qt
from PIL import Image


def show_picture(label: Any, picture: Image.Image | bytes | None, tooltip: str = "", width: int = 0) -> None:
    """Show a picture in a label, at most ``width`` pixels wide; None hides it."""
    label.visible = picture is not None
    if picture is None:
        return
    if isinstance(picture, bytes):
        picture = Image.open(BytesIO(picture))
    if width and picture.width > width:
        picture = scaled(picture, width)
    label.setPixmap(pixmap_of(picture))
    # A layout short of space would crop it.
    label.setMinimumHeight(picture.height)
    label.toolTip = tooltip


def scaled(picture: Image.Image, width: int) -> Image.Image:
    """Return a picture scaled to ``width`` pixels."""
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


def pixmap_of(picture: Image.Image) -> Any:
    """Return a picture as a QPixmap, via PPM as PythonQt has no QImage of bytes."""
    rgb = picture.convert("RGB")
    pixmap = qt.QPixmap()
    header = f"P6 {rgb.width} {rgb.height} 255\n".encode()
    if not pixmap.loadFromData(header + rgb.tobytes()):
        raise RuntimeError("Qt could not read the picture")
    return pixmap
