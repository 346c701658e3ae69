"""Make the README's picture of the report: the digital torso's page, as a browser shows its upper part.

Not a test. It needs a Chromium, Chrome or Edge on the path, and says so where there is none::

    python Testing/report/render_report.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from CACBoneAxisLib.cli import main as cacboneaxis

PICTURE = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots" / "report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge", "msedge")
SIZE = (1180, 1300)


def main() -> int:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.stderr.write(f"No browser found; one of {', '.join(BROWSERS)} is needed.\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        code = cacboneaxis(["demo", "--output", folder])
        if code:
            return code
        page = next(Path(folder).rglob("report.html"))
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
            "--window-size={},{}".format(*SIZE),
            f"--screenshot={PICTURE}",
        ]
        done = subprocess.run([browser, *options, page.as_uri()], capture_output=True, text=True, timeout=120)
    if done.returncode or not PICTURE.is_file():
        sys.stderr.write(done.stderr)
        return 1
    sys.stdout.write(f"{PICTURE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
