"""The user's folders of livecam, and the environment's variables that move them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

CACHE_VARIABLE: Final = "LIVECAM_CACHE"
"""Environment variable that moves the cache folder."""
DATA_VARIABLE: Final = "LIVECAM_DATA"
"""Environment variable that moves the data folder."""
FILMS_VARIABLE: Final = "LIVECAM_FILMS"
"""Environment variable that moves the folder of films that the page records."""


def cache_folder() -> Path:
    """For what can be made again: $LIVECAM_CACHE, or the system's place for a user's caches."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("livecam"))


def data_folder() -> Path:
    """For what the user made: $LIVECAM_DATA, or the system's place for a user's data."""
    return Path(os.environ.get(DATA_VARIABLE) or platformdirs.user_data_dir("livecam"))


def persona_folder() -> Path:
    """Where enrolled personas live."""
    return data_folder() / "personas"


def reactions_folder() -> Path:
    """Where the user's own reactions live."""
    return data_folder() / "reactions"


def films_folder() -> Path:
    """For films that the page records: $LIVECAM_FILMS, or the user's folder for videos."""
    return Path(os.environ.get(FILMS_VARIABLE) or platformdirs.user_videos_dir())
