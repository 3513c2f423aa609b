"""The controls of one run: what they are now, who carries changes out, and who hears of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from livecam.control.declared import Action, Choice, Control, Value, checked
from livecam.errors import UserError
from livecam.ranges import short_text

log = logging.getLogger(__name__)

Handler = Callable[[Any], None]
"""Carries a change out: told of the new value, or of what an action was told (None: nothing). It returns at
once and raises `UserError` for what cannot be, and then nothing has changed."""
Listener = Callable[[str, Any], None]
"""Hears of a control's name and its new value, an action's argument, or its offered choices."""


class Registry:
    """May be used from any thread. Handlers run one at a time, in the order of the changes; listeners after
    them, in the thread that made the change."""

    def __init__(self, controls: Sequence[Control], start: Mapping[str, Any] | None = None) -> None:
        """start: values other than the defaults, as a run was asked for or as they were kept. What is not
        allowed any more is left out."""
        self._controls = {one.name: one for one in controls}
        self._handlers: dict[str, Handler] = {}
        self._listeners: list[Listener] = []
        self._lock = threading.RLock()
        self._choices = {one.name: one.choices for one in controls if isinstance(one, Value)}
        self._values = {one.name: one.default for one in controls if isinstance(one, Value)}
        for name, value in (start or {}).items():
            declared = self._controls.get(name)
            if not isinstance(declared, Value):
                continue
            if declared.kind == "choice" and not declared.choices:  # which will be offered later
                self._values[name] = value
                continue
            try:
                self._values[name] = checked(declared, value, declared.choices)
            except UserError as error:
                log.warning("%s", error)

    @property
    def controls(self) -> tuple[Control, ...]:
        """As declared, in that order."""
        return tuple(self._controls.values())

    def control(self, name: str) -> Control:
        """Raises `UserError` for a name that nobody declared."""
        found = self._controls.get(name)
        if found is None:
            known = ", ".join(self._controls)
            raise UserError(f"control {short_text(name)}", "there is none of that name", f"Use {known}.")
        return found

    def value(self, name: str) -> Any:
        """What a value is now."""
        with self._lock:
            return self._values[name]

    def values(self) -> dict[str, Any]:
        """All of them."""
        with self._lock:
            return dict(self._values)

    def choices(self, name: str) -> tuple[Choice, ...]:
        """What a choice may be now."""
        with self._lock:
            return self._choices[name]

    def set(self, name: str, given: Any) -> Any:
        """Change a value; what it is afterwards.

        Raises:
            UserError: no such value, not allowed, or it cannot be carried out; it is then as it was.
        """
        declared = self.control(name)
        if not isinstance(declared, Value):
            raise UserError(f"control {name}", "it is done, not set", f"Leave the value away: {name}.")
        with self._lock:
            value = checked(declared, given, self._choices[name])
            if value == self._values[name]:
                return value
            if (handler := self._handlers.get(name)) is not None:
                handler(value)
            self._values[name] = value
        self._tell(name, value)
        return value

    def do(self, name: str, argument: str | None = None) -> None:
        """Do an action.

        Raises:
            UserError: no such action, or it cannot be done now.
        """
        declared = self.control(name)
        if not isinstance(declared, Action):
            raise UserError(f"control {name}", "it is set, not done", "Give it a value.")
        if argument is not None and not declared.takes:
            raise UserError(f"{name} {short_text(argument)}", "it takes nothing", f"Write {name} alone.")
        with self._lock:
            if (handler := self._handlers.get(name)) is not None:
                handler(argument)
        self._tell(name, argument)

    def handle(self, name: str, handler: Handler) -> None:
        """Who carries out changes of that control from now on."""
        self.control(name)
        with self._lock:
            self._handlers[name] = handler

    def told(self, name: str, value: Any) -> None:
        """What a value has become by itself, without a handler: a recording that ended, a sink that broke."""
        with self._lock:
            if self._values[name] == value:
                return
            self._values[name] = value
        self._tell(name, value)

    def offer(self, name: str, choices: Sequence[Choice]) -> None:
        """What a choice may be from now on."""
        with self._lock:
            if self._choices[name] == tuple(choices):
                return
            self._choices[name] = tuple(choices)
        self._tell(name, self.value(name))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call it on every change; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)

        def unlisten() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unlisten

    def described(self) -> list[dict[str, Any]]:
        """All controls as plain values: what a page or a program needs to show and use them."""
        return [self._described(one) for one in self._controls.values()]

    def _described(self, one: Control) -> dict[str, Any]:
        said: dict[str, Any] = {
            "name": one.name,
            "kind": one.kind,
            "label": one.label,
            "help": one.help,
            "group": one.group,
            "key": one.key,
        }
        if isinstance(one, Action):
            return {**said, "takes": one.takes}
        with self._lock:
            said.update(value=self._values[one.name], default=one.default, unit=one.unit)
            choices = self._choices[one.name]
        if one.limits is not None:
            said.update(low=one.limits.low, high=one.limits.high, whole=one.limits.whole, step=one.step)
        if one.kind == "choice":
            said["choices"] = [
                {"value": choice.value, "label": choice.label or choice.value, "why": choice.why}
                for choice in choices
            ]
        return said

    def _tell(self, name: str, value: Any) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(name, value)
            except Exception:
                log.exception("a listener failed at %s", name)
