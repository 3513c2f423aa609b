"""From the camera to the caller's hands: `python -m livecam.benchmarks.glass_to_glass`."""

import sys

from livecam.benchmarks.glass_to_glass.command import main

sys.exit(main())
