"""Every control that livecam has. To add one, declare it here; `livecam.studio.desk` says what it does."""

from __future__ import annotations

from typing import Final

from livecam import settings
from livecam.control.declared import Action, Choice, Control, Value
from livecam.ranges import Range

GREEN: Final = "#00b140"
"""The green that studios and streaming software key out."""
BACKGROUNDS: Final = (
    Choice("original", "As in the picture"),
    Choice("blurred", "Blurred"),
    Choice("colour", "One colour"),
    Choice("green", "Green, to key out"),
    Choice("transparent", "Transparent"),
    Choice("picture", "My own picture"),
)
ZOOM: Final = Range(0.6, 1.6)
"""How large the face is shown, 1 as framed by itself."""


def _limits(name: str) -> Range:
    found = settings.limits(name)
    assert isinstance(found, Range)
    return found


_SHOW: Final = "Show"
_MOTION: Final = "Motion"
_PICTURE: Final = "Picture"
_DEVICES: Final = "Devices"
_SINKS: Final = "Where it goes"

CATALOGUE: Final[tuple[Control, ...]] = (
    Action("calibrate", "Calibrate", "Take your next two seconds as the neutral face.", _SHOW, "c"),
    Value("freeze", "Freeze", "Hold the picture as it is.", "flag", False, _SHOW, key="f", transient=True),
    Value(
        "hide",
        "Hide",
        "The portrait rests as if you had left; your face moves it no more.",
        "flag",
        False,
        _SHOW,
        key="h",
        transient=True,
    ),
    Value("mirror", "Mirror", "The portrait moves as in a mirror.", "flag", True, _SHOW, key="m"),
    Value("record", "Record", "Keep the picture in a film.", "flag", False, _SHOW, key="r", transient=True),
    Action("react", "React", "Play a reaction over your own motion.", _SHOW, takes="reaction"),
    Value("persona", "Portrait", "Who is shown.", "choice", "", _SHOW),
    Action("next-persona", "Next portrait", "Show the next one of the gallery.", _SHOW, "n"),
    Action("previous-persona", "Previous portrait", "Show the one before.", _SHOW, "p"),
    Value(
        "expression-gain",
        "Expression",
        "How much of your expression the portrait shows.",
        "number",
        1.0,
        _MOTION,
        _limits("expression_gain"),
        unit="times",
    ),
    Value(
        "pose-gain",
        "Head",
        "How much of your head's motion it follows.",
        "number",
        1.0,
        _MOTION,
        _limits("pose_gain"),
        unit="times",
    ),
    Value(
        "gaze-gain",
        "Gaze",
        "How far its eyes follow yours; 0 looks straight ahead.",
        "number",
        1.0,
        _MOTION,
        _limits("gaze_gain"),
        unit="times",
    ),
    Value(
        "smoothing",
        "Smoothing",
        "Steadier, and a little later.",
        "number",
        0.0,
        _MOTION,
        _limits("smoothing"),
    ),
    Value(
        "follow",
        "Follow",
        "What of your place the portrait follows.",
        "choice",
        "head",
        _MOTION,
        choices=(
            Choice("head", "How the head moves"),
            Choice("frame", "The picture pans and zooms, too"),
            Choice("all", "Place and distance as well"),
        ),
    ),
    Value("idle", "Alive at rest", "Breathe and blink while nobody is there.", "flag", True, _MOTION),
    Value("zoom", "Zoom", "How large the face is.", "number", 1.0, _PICTURE, ZOOM, unit="times"),
    Value(
        "background", "Background", "What is behind it.", "choice", "original", _PICTURE, choices=BACKGROUNDS
    ),
    Value("background-colour", "Colour", "Of a background in one colour.", "colour", GREEN, _PICTURE),
    Value(
        "size",
        "Size",
        "Side in pixels of the square in which the face is drawn.",
        "choice",
        "512",
        _PICTURE,
        choices=tuple(Choice(str(side)) for side in settings.SIZES),
    ),
    Value("engine", "Engine", "What draws.", "choice", "auto", _DEVICES),
    Value("camera", "Camera", "What you are seen by.", "choice", "camera", _DEVICES),
    Value("camera-out", "Virtual camera", "Appear as a camera in calls.", "flag", False, _SINKS),
    Value("stream", "Stream", "Send the picture to the address below.", "flag", False, _SINKS),
    Value(
        "stream-address",
        "Address",
        "rtmp://, srt:// or udp://, or http for a stream that others read here.",
        "text",
        "http",
        _SINKS,
    ),
    Value("remember", "Remember", "Start with these values the next time.", "flag", False, _SHOW),
    Action("quit", "Quit", "End livecam.", _SHOW),
)
"""In the order in which the page shows them."""
