"""What people do in calls, and what becomes of a portrait: `python -m livecam.benchmarks.field`."""

import sys

from livecam.benchmarks.field.command import main

sys.exit(main())
