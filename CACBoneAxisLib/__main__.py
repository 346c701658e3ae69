"""``python -m CACBoneAxisLib`` is the command ``cacboneaxis``."""

import sys

from CACBoneAxisLib.cli import main

if __name__ == "__main__":
    sys.exit(main())
