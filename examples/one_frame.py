"""A portrait in the pose of one frame of a clip, cut out, as a PNG with a transparent background.

    python examples/one_frame.py mona.jpg clip.mp4 120 moved.png

The frames before it are looked at, too: one frame alone does not tell how far a face is from neutral.
"""

from __future__ import annotations

import sys
from collections import deque

from PIL import Image

import livecam


def main(portrait: str, clip: str, number: str, out: str) -> None:
    persona = livecam.Persona.open(portrait)
    with livecam.open_source(clip) as source, livecam.Animator(persona, alpha=True) as animator:
        last = deque(livecam.animate_clip(source, animator, max_frames=int(number) + 1), maxlen=1)
    if [frame.index for frame in last] != [int(number)]:
        sys.exit(f"{clip}: there is no frame {number}")
    Image.fromarray(last[0].pixels).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
