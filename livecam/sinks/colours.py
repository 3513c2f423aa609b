"""What every H.264 that livecam makes has for colours: BT.601, limited range, tagged so.

It is the matrix that programs which ignore the tag assume, OpenCV among them.
"""

from __future__ import annotations

from typing import Any

import av
import cv2
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from livecam.frames import RGB


def tag(codec: Any) -> None:
    """Tells an encoder (`av.VideoCodecContext`) what `yuv420` makes."""
    codec.colorspace = 6  # AVCOL_SPC_SMPTE170M, the matrix of BT.601
    codec.color_range = ColorRange.MPEG
    codec.color_primaries, codec.color_trc = ColorPrimaries.BT709, ColorTrc.BT709


def yuv420(pixels: RGB) -> av.VideoFrame:
    """H x W x 3 RGB, both sides even, as planes: a quarter of swscale's time for the same accuracy."""
    return av.VideoFrame.from_ndarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2YUV_I420), format="yuv420p")
