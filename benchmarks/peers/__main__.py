"""A frame here and a frame in two well-known programs: `python -m livecam.benchmarks.peers`."""

import sys

from livecam import installation
from livecam.errors import UserError

try:
    installation.require("livecam.benchmarks.peers", ["torch"], "finetune")
except UserError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

from livecam.benchmarks.peers.command import main

sys.exit(main())
