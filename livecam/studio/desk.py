"""Carries out what the controls say: each one's handler stands here, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from livecam.animator import Animator
from livecam.control import Registry
from livecam.errors import UserError
from livecam.pipeline.live import LivePipeline
from livecam.settings import MotionSettings
from livecam.sources.base import Source
from livecam.studio import reactions
from livecam.studio.builder import Builder
from livecam.studio.look import CONTROLS, Look, look_of, tell

log = logging.getLogger(__name__)

MOTION: Final = {
    "mirror": "mirror",
    "expression-gain": "expression_gain",
    "pose-gain": "pose_gain",
    "gaze-gain": "gaze_gain",
    "smoothing": "smoothing",
    "follow": "follow",
    "idle": "idle",
}
"""Controls of how motion is passed on, and the setting of each."""
Notice = Callable[[str, str], None]
"""Says a sentence to whoever watches: the text, and "good", "wait" or "bad"."""


class Desk:
    """One run's. `close` ends what goes on beside it.

    motion: as it is passed on at the start. make: an animator of a look, opened and warm; called in another
    thread, raises `UserError`. open_camera: the source of that name. personas: names in the gallery's order.
    """

    def __init__(
        self,
        registry: Registry,
        pipeline: LivePipeline,
        motion: MotionSettings,
        make: Callable[[Look, MotionSettings], Animator],
        open_camera: Callable[[str], Source],
        personas: Callable[[], Sequence[str]],
        notice: Notice,
    ) -> None:
        self._registry, self._pipeline, self._motion = registry, pipeline, motion
        self._make, self._open_camera, self._personas = make, open_camera, personas
        self._notice = notice
        self._shown = self._wanted = look_of(registry)
        self._looks: Builder[Look] = Builder(self._build, self._not_built)
        self._cameras: Builder[str] = Builder(self._change_camera, self._no_camera)
        self._camera = registry.value("camera")
        registry.handle("calibrate", lambda _: self._calibrate())
        registry.handle("freeze", self._freeze)
        registry.handle("hide", self._hide)
        registry.handle("react", lambda name: pipeline.react(reactions.opened(name)))
        registry.handle("quit", lambda _: pipeline.stop())
        registry.handle("next-persona", lambda _: self._step(1))
        registry.handle("previous-persona", lambda _: self._step(-1))
        registry.handle("camera", self._cameras.want)
        for control in MOTION:
            registry.handle(control, self._changer(control))
        for control in CONTROLS:
            registry.handle(control, self._looker(control))

    @property
    def shown(self) -> Look:
        """What is to be seen now."""
        return self._shown

    @property
    def motion(self) -> MotionSettings:
        """As motion is passed on now."""
        return self._motion

    @property
    def busy(self) -> bool:
        """Whether another look or camera is being prepared."""
        return self._looks.busy or self._cameras.busy

    def show_again(self) -> None:
        """The persona that is shown, or the background's own picture, has been made anew."""
        self._wanted = replace(self._wanted, pictures=self._wanted.pictures + 1)
        self._looks.want(self._wanted)

    def close(self) -> None:
        """Nothing is begun any more."""
        self._looks.close()
        self._cameras.close()

    def _calibrate(self) -> None:
        if self._registry.value("hide"):
            raise UserError("calibrate", "you are hidden", "Come back first: hide off.")
        self._pipeline.recalibrate()

    def _freeze(self, on: bool) -> None:
        self._pipeline.frozen = on

    def _hide(self, on: bool) -> None:
        self._pipeline.hidden = on

    def _changer(self, control: str) -> Callable[[Any], None]:
        def change(value: Any) -> None:
            self._motion = replace(self._motion, **{MOTION[control]: value})
            self._pipeline.change_motion(self._motion)

        return change

    def _looker(self, control: str) -> Callable[[Any], None]:
        def change(value: Any) -> None:
            self._wanted = self._wanted.changed(control, value)
            self._looks.want(self._wanted)

        return change

    def _step(self, by: int) -> None:
        names = list(self._personas())
        if not names:
            raise UserError("next portrait", "there is no other one", "Enrol one: drop a picture.")
        now = self._registry.value("persona")
        at = names.index(now) + by if now in names else 0
        self._registry.set("persona", names[at % len(names)])

    def _build(self, look: Look) -> None:
        animator = self._make(look, self._motion)
        former = self._pipeline.animator
        if (animator.width, animator.height) != (former.width, former.height):
            animator.close()
            todo = "Start livecam with --canvas 1280x720: then every portrait has the same size."
            raise UserError(f"portrait {look.persona}", "its picture has another size", todo)
        self._pipeline.show(animator, Animator.close)
        self._pipeline.change_motion(self._motion)  # which may have been changed meanwhile
        self._shown = look

    def _not_built(self, look: Look, error: UserError) -> None:
        log.warning("%s", error)
        if look == self._wanted:
            self._wanted = self._shown
            tell(self._registry, self._shown)
        self._notice(str(error), "bad")

    def _change_camera(self, name: str) -> None:
        self._pipeline.change_source(self._open_camera(name))
        self._camera = name

    def _no_camera(self, name: str, error: UserError) -> None:
        log.warning("%s", error)
        self._registry.told("camera", self._camera)
        self._notice(str(error), "bad")
