"""Stands in for the command line in the gallery's process: what it does stands in the picture's file."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
import time
from pathlib import Path


def tell(**said):
    print(json.dumps(said), flush=True)


def main(template):
    """template: a persona's folder, for what is enrolled."""
    words = sys.argv[2:]
    assert words[-1] == "--for-program"
    if words[0] == "tune":
        for done in range(3):
            tell(phase="fine-tuning", done=done, total=2)
        sys.exit(0)
    after = dict(itertools.pairwise(words))
    path = Path(words[1])
    what = path.read_text().split(" ")[0]
    tell(phase="reading", done=0, total=1)
    tell(note=f"niceness {os.nice(0) if hasattr(os, 'nice') else 0}, {path}, {' '.join(words[2:])}")
    if what == "refuse":
        tell(error={"what": str(path), "why": "no face was found", "todo": "Use another."})
        sys.exit(2)
    if what == "crash":
        print("no words", file=sys.stderr)
        os._exit(7)
    if what == "noise":
        print("[1, 2\n\n{}\nnull\n" + 70_000 * "x", flush=True)
        tell(phase=3, done="x", total=None)
        tell(error="odd")
    target = Path(after["--into"]) / after["--name"]
    if what == "hang":
        target.mkdir()
        (target / "persona.json").write_text('{"name": "half"}')
        tell(phase="hanging", done=os.getpid(), total=0)
        sys.stdin.read()
        os._exit(3)
    if what == "slow":
        time.sleep(0.2)
    shutil.copytree(template, target)
