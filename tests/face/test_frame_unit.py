"""A camera's frames change their size in mid-run: the portrait goes on as if nothing had been."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import make_animator

from livecam.face.frame_unit import MOST_SIZES, RECENT_SECONDS, FrameUnit
from livecam.frames import DriverFrame

FIRST = (640, 480)
# Size, and how its pixels lie to the first ones: scale and shift.
CHANGES = {
    "twice as fine": ((1280, 960), 2.0, (0, 0)),
    "half as fine": ((320, 240), 0.5, (0, 0)),
    "wider, the top and bottom are gone": ((1280, 720), 2.0, (0, -120)),
    "wider, there is more at the sides": ((1280, 720), 1.5, (160, 0)),
    "a phone turned": ((480, 640), 1.0, (-80, 80)),
}


@pytest.fixture
def driver(face):
    """The drawn face in the middle of a frame of 640 x 480."""
    return ((face - [256, 256, 0]) * 0.5 + [320, 240, 0]).astype(np.float32)


def seen(points, scale, shift):
    return (points * scale + [*shift, 0]).astype(np.float32)


@pytest.mark.parametrize("change", CHANGES)
def test_a_face_lies_where_it_lay(driver, change):
    size, scale, shift = CHANGES[change]
    unit = FrameUnit()
    np.testing.assert_array_equal(unit(driver, *FIRST, 0.0), driver)
    got = unit(seen(driver, scale, shift), *size, 0.1)
    np.testing.assert_allclose(got, driver, atol=1e-2)
    nodding = driver + np.float32([3, 9, 1])
    np.testing.assert_allclose(unit(seen(nodding, scale, shift), *size, 0.2), nodding, atol=1e-2)
    np.testing.assert_array_equal(unit(driver, *FIRST, 0.3), driver)


def test_what_is_known_of_a_size_is_kept(driver):
    """Somebody who turns a phone to and fro does not go away with every turn."""
    size, scale, shift = CHANGES["a phone turned"]
    unit = FrameUnit()
    unit(driver, *FIRST, 0.0)
    for k in range(100):
        moving = driver + np.float32([k % 7, 0, 0])
        unit(seen(moving, scale, shift), *size, 0.2 * k + 0.1)
        unit(moving, *FIRST, 0.2 * k + 0.2)
    np.testing.assert_allclose(unit(seen(driver, scale, shift), *size, 30.0), driver, atol=1e-2)


@pytest.mark.parametrize("why", ["it was seen long ago", "it is another one", "nobody was there"])
def test_without_a_face_that_tells_the_diagonals_do(driver, why):
    unit = FrameUnit()
    if why == "nobody was there":
        unit(driver, 1, 1, -10.0)
        unit = FrameUnit()
        unit.size = FIRST
    else:
        unit(driver, *FIRST, 0.0)
    far = (driver - [320, 240, 0]) * 0.1 + [320, 240, 0] if why == "it is another one" else driver
    later = 2 * RECENT_SECONDS if why == "it was seen long ago" else 0.1
    got = unit(seen(far, 2.0, (0, 0)), 1280, 960, later)
    np.testing.assert_allclose(got, far, atol=1e-2)


def test_a_frame_of_no_known_size_stays(driver):
    unit = FrameUnit()
    np.testing.assert_array_equal(unit(driver, 0, 0, 0.0), driver)
    assert unit.size == (0, 0)


def test_no_camera_makes_it_grow(driver):
    unit = FrameUnit()
    for k in range(1000):
        assert np.isfinite(unit(driver, 640 + k, 480, k / 30)).all()
    assert len(unit._known) <= MOST_SIZES


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_the_portrait_does_not_notice(persona, driver, change, mirror):
    """Three seconds of a still face, then of the same one in frames of another size."""
    size, scale, shift = CHANGES[change]
    animator, _ = make_animator(persona, driver, mirror=mirror)
    moved = []
    for k in range(150):
        turned = k >= 90
        points = seen(driver, scale, shift) if turned else driver
        frame = DriverFrame(k, k * 33_333_333, *(size if turned else FIRST), landmarks=points)
        found = animator.observe(frame)
        animator.calibrate(found, k / 30)
        moved.append(animator.animate(found, k / 30).landmarks)
    before, after = moved[89], np.stack(moved[90:])
    assert np.abs(after - before).max() < 0.002, "shares of the crop: a pixel of 512"


def test_another_camera_begins_anew(persona, driver):
    animator, _ = make_animator(persona, driver)
    animator.observe(DriverFrame(0, 0, *FIRST, landmarks=driver))
    animator.another_driver()
    other = seen(driver, 2.0, (0, 0))
    got = animator.observe(DriverFrame(1, 33_333_333, 1280, 960, landmarks=other))
    np.testing.assert_allclose(got, other, atol=0.5)
