"""How well the portrait does what the driver does: `python -m livecam.benchmarks.fidelity`."""

import sys

from livecam.benchmarks.fidelity.command import main

sys.exit(main())
