"""A frame here and a frame in two well-known programs: `python -m livecam.benchmarks.peers`."""

import sys

from livecam.benchmarks.peers.command import main

sys.exit(main())
