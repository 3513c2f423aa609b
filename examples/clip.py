"""A clip moves a portrait, and the result is a film.

    python examples/clip.py mona.jpg clip.mp4 moved.mp4

The clip's first two seconds are looked at ahead, so the portrait starts from the right face. `livecam run`
does the same, and more: docs/python.md says when to take which.
"""

from __future__ import annotations

import sys

import livecam


def main(portrait: str, clip: str, film: str) -> None:
    persona = livecam.Persona.open(portrait)
    with (
        livecam.open_source(clip) as source,
        livecam.Animator(persona) as animator,
        livecam.open_sink(film) as sink,
    ):
        sink.open(livecam.SinkFormat(animator.width, animator.height, source.info.fps))
        for frame in livecam.animate_clip(source, animator):
            sink.write(frame)


if __name__ == "__main__":
    main(*sys.argv[1:])
