"""Everything that can be changed while livecam runs, declared once: page, shell and keys all ask here."""

from __future__ import annotations

from livecam.control.declared import Action, Choice, Control, Value
from livecam.control.registry import Registry

__all__ = ["Action", "Choice", "Control", "Registry", "Value"]
