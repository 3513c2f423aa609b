"""`python -m livecam.cli`, where the program itself is not on the path."""

from __future__ import annotations

from livecam.cli import main

main()
