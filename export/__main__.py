"""Writes the generator and the refiner as ONNX: `python -m livecam.export`."""

import sys

from livecam.export.command import main

sys.exit(main())
