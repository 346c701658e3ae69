"""The command line inside Slicer, with the scene beside the other outputs.

    Slicer --no-splash --no-main-window --python-script cacboneaxis_slicer.py analyze CT.nrrd ... --output DIR

The same commands, options, files and exit codes as ``cacboneaxis`` outside Slicer, and
``scene.mrb`` in the output folder. Slicer's own options come before the script.

This file is not beside the module because Slicer takes every file there for a module.
"""

import pathlib
import sys
import traceback

import slicer

FAILED = 1


def main(arguments):
    """Run a command and return its exit code."""
    module = pathlib.Path(__file__).resolve().parent.parent
    # The library is beside the module when installed, and one folder up in the source tree.
    for folder in (module, module.parent):
        if (folder / "CACBoneAxisLib").is_dir() and str(folder) not in sys.path:
            sys.path.append(str(folder))
    try:
        import qt
    except ImportError:  # the libraries of Slicer without the application
        qt = None
    from CACBoneAxisLib import cli
    from CACBoneAxisLib.mrml.archive import write_scene

    return cli.main(arguments, after_analysis=write_scene, qt=qt)


if __name__ == "__main__":
    code = FAILED
    try:
        code = main(sys.argv[1:])
    except Exception:
        traceback.print_exc()
    finally:
        # Slicer goes on running after a script that failed, unless it is told to end.
        slicer.util.exit(code)
