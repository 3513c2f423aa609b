"""How long a frame takes here: `python -m livecam.benchmarks.latency`."""

import sys

from livecam.benchmarks.latency.command import main

sys.exit(main())
