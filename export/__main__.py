"""Writes the generator and the refiner as ONNX: `python -m livecam.export`. PyTorch may be missing."""

import sys

from livecam import installation
from livecam.errors import UserError

try:
    installation.require("livecam.export", installation.EXPORT_NEEDS, "export")
except UserError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

from livecam.export.command import main

sys.exit(main())
