"""`--engine auto`, and what happens when a GPU goes away in the middle of a call: the CPU draws on.

The spare is the CPU's renderer, opened beforehand in a thread. It draws the same picture (70 dB), so nobody
sees more than a frame that took longer.
"""

from __future__ import annotations

from collections.abc import Callable

from livecam.engines import FASTEST_FIRST, Standby, fastest
from livecam.errors import UserError
from livecam.frames import RGB
from livecam.motion.types import Motion
from livecam.render.base import Renderer


class FailoverRenderer:
    """Draws on a GPU while there is one, then on the CPU. Not thread-safe."""

    def __init__(
        self,
        main: Renderer,
        open_spare: Callable[[], Renderer],
        notice: Callable[[str], None] | None = None,
    ) -> None:
        """`notice` is told in one line when the CPU takes over; without it the log is."""
        self.name = main.name
        self._standby: Standby[Renderer] = Standby(main, open_spare, notice=notice)

    def render(self, motion: Motion) -> RGB:
        """size x size x 3, uint8 RGB, a fresh picture.

        Raises:
            EngineError: the GPU is lost and the CPU's renderer cannot be opened.
        """

        def spare(renderer: Renderer) -> RGB:
            self.name = renderer.name
            return renderer.render(motion)

        return self._standby.call(lambda renderer: renderer.render(motion), again=spare)

    def close(self) -> None:
        self._standby.close(lambda renderer: renderer.close())


def choose_fastest(
    open_named: Callable[[str], Renderer],
    notice: Callable[[str], None] | None = None,
) -> Renderer:
    """The fastest engine that `open_named` opens; a GPU's comes with the CPU's as its spare.

    What was chosen, and why nothing faster was, goes to the log in one line, and to `notice`.

    Raises:
        EngineError: not even the last one opens.
    """
    candidates = [(name, lambda name=name: open_named(name)) for name in FASTEST_FIRST]
    choice = fastest(candidates, (UserError,))  # type: ignore[arg-type]
    if notice is not None:
        notice(choice.line)
    if choice.name == FASTEST_FIRST[-1]:
        return choice.opened
    return FailoverRenderer(choice.opened, lambda: open_named(FASTEST_FIRST[-1]), notice)
