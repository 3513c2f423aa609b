"""livecam: one portrait moves live with your face and appears as a camera."""

__version__ = "0.1.0"
