"""What a stranger would check first: a portrait keeps its own face and does what the driver does."""

from __future__ import annotations

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livecam import geometry as geo
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.mirror import mirrored
from livecam.motion import lids, transfer
from livecam.motion.lips import ALONG_LIPS
from livecam.motion.transfer import OWN_LIDS, MotionTransfer
from livecam.motion.types import rest
from livecam.settings import MotionSettings
from training.landmark_noise import LIPS_FILMED

UNIT = 512.0


def gap(points):
    return float((points[14, 1] - points[13, 1]) / measures.mouth_width(points.astype(np.float64)))


def aperture(points, eye):
    upper, lower, _ = lm.EYES[eye]
    return measures.lid_opening(points.astype(np.float64), upper, lower)


@pytest.fixture
def portrait(face):
    return (face / UNIT).astype(np.float32)


@pytest.fixture
def wide_driver(face):
    """A driver of quite another shape: 25 % wider, larger mouth, elsewhere in a larger frame."""
    points = face.copy()
    points[:, 0] = (points[:, 0] - 256) * 1.25 + 640
    points[:, 1] += 100
    points[list(lm.LIPS), 0] = (points[list(lm.LIPS), 0] - 640) * 1.2 + 640
    return points


def test_neutral_driver_leaves_the_portrait_alone(portrait, wide_driver):
    out = MotionTransfer(portrait, wide_driver)(wide_driver)
    # Lips that touch are pressed together, which may move them by half the residual gap.
    np.testing.assert_allclose(out.landmarks, portrait, atol=0.004)
    np.testing.assert_allclose(out.head, np.eye(3, 4), atol=1e-6)
    np.testing.assert_allclose(out.lids, 1, atol=1e-5)


def test_another_shape_moves_but_does_not_reshape(portrait, face, wide_driver):
    """Turning the wide driver gives what turning a driver of the portrait's own shape gives."""
    own = MotionTransfer(portrait, face)(turned(face, yaw=12, pitch=-6))
    other = MotionTransfer(portrait, wide_driver)(turned(wide_driver, yaw=12, pitch=-6))
    # .003 of the crop is 1.5 pixels at 512: the shift of the head differs with its depth, not its shape.
    np.testing.assert_allclose(other.landmarks, own.landmarks, atol=0.003)


@pytest.mark.parametrize("angles", [(15, 0, 0), (0, 10, 0), (0, 0, -12), (-14, 6, 8)])
def test_pose_is_passed_on(portrait, face, angles):
    out = MotionTransfer(portrait, face)(turned(face, *angles))
    got = np.degrees(geo.to_euler(out.head[:, :3].astype(np.float64)))
    np.testing.assert_allclose(got, angles, atol=0.1)  # well inside the knee of the soft limit
    expected = turned(portrait, *angles)
    np.testing.assert_allclose(out.landmarks[:468], expected[:468], atol=0.004)


def test_pose_has_a_soft_end(portrait, face):
    limits = np.degrees(MotionSettings().pose_limits)
    out = MotionTransfer(portrait, face)(turned(face, yaw=75))
    assert np.degrees(geo.to_euler(out.head[:, :3].astype(np.float64)))[0] < limits[0]


def test_pose_gain_scales_and_zero_holds_still(portrait, face):
    driver = turned(face, yaw=16)
    half = MotionTransfer(portrait, face, MotionSettings(pose_gain=0.5))(driver)
    none = MotionTransfer(portrait, face, MotionSettings(pose_gain=0.0))(driver)
    assert np.degrees(geo.to_euler(half.head[:, :3].astype(np.float64)))[0] == pytest.approx(8, abs=0.1)
    np.testing.assert_allclose(none.head, np.eye(3, 4), atol=1e-6)


@pytest.mark.parametrize("opened", [0.1, 0.3, 0.6])
def test_the_mouth_opens_by_the_same_share(portrait, wide_driver, opened):
    """The portrait's own lips touch. What the tracker sees of a gap on films is in `LIPS_FILMED`."""
    out = MotionTransfer(portrait, wide_driver)(with_lip_gap(wide_driver, opened))
    there, seen = LIPS_FILMED
    assert gap(out.landmarks) == pytest.approx(np.interp(opened, seen, there), abs=0.02)


def test_shut_lips_are_shut_on_every_portrait(portrait, wide_driver):
    """Also on a portrait that smiles with open lips."""
    smiling = with_lip_gap(portrait, 0.25)
    shut = with_lip_gap(wide_driver, 0.01)
    out = MotionTransfer(smiling, with_lip_gap(wide_driver, 0.2))(shut)
    assert gap(out.landmarks) == pytest.approx(0, abs=0.004)  # lips differ in depth, seen a little from above


@pytest.mark.parametrize("width", [0.6, 1.3])
def test_skin_at_the_corners_of_the_mouth_goes_with_them(portrait, face, width):
    """A driver who purses or widens the lips, and whose skin beside them is not seen to move: the line that
    many mouths end in lies on that skin, and would be drawn out to half its length again."""
    driver = face.copy()
    lips = list(lm.LIPS)
    middle = face[lips].mean(0)
    driver[lips] = (face[lips] - middle) * [width, 1, 1] + middle
    points = MotionTransfer(portrait, face)(driver).landmarks
    for corner, beside in ((61, 57), (291, 287)):
        before, after = (p[beside, :2] - p[corner, :2] for p in (portrait, points))
        # .1: the mouth's width is measured between the inner corners, the lips were scaled as a whole.
        assert np.linalg.norm(after) == pytest.approx(width * np.linalg.norm(before), rel=0.1)


def test_skin_along_the_lips_takes_most_of_their_way(portrait, face):
    driver = face.copy()
    driver[list(lm.LIPS), 1] += 20
    points = MotionTransfer(portrait, face)(driver).landmarks
    way = (points - portrait)[:, 1]
    ratio = way[list(lm.ALONG_LIPS)] / way[list(lm.LIPS_ALONG)]
    np.testing.assert_allclose(ratio, ALONG_LIPS, atol=0.02)


def test_a_blink_shuts_the_lids_and_only_them(portrait, wide_driver):
    out = MotionTransfer(portrait, wide_driver)(with_lids(wide_driver, 0.0))
    for eye in (0, 1):
        assert out.lids[eye] == pytest.approx(0, abs=0.02)
        assert aperture(out.landmarks, eye) < 0.05 * aperture(portrait, eye)
    still = sorted(set(range(468)) - {i for upper, lower, _ in lm.EYES for i in (*upper, *lower)})
    np.testing.assert_allclose(out.landmarks[still], portrait[still], atol=0.004)


def test_one_eye_can_wink(portrait, face):
    driver = face.copy()
    upper = list(lm.LEFT_EYE_UPPER[1:-1])
    driver[upper] = with_lids(face, 0.0)[upper]
    out = MotionTransfer(portrait, face)(driver)
    assert out.lids[0] < 0.05
    assert out.lids[1] == pytest.approx(1, abs=1e-4)


def with_left_lids(face, opening):
    """The left eye alone open by that share."""
    driver, lids = face.copy(), list(lm.LEFT_EYE_UPPER[1:-1] + lm.LEFT_EYE_LOWER[1:-1])
    driver[lids] = with_lids(face, opening)[lids]
    return driver


def test_lids_half_shut_move_nearly_together(portrait, face):
    """One frame sees one eye half shut; what is drawn is nearer to what both are."""
    transfer = MotionTransfer(portrait, face)
    both = with_lids(face, 0.55), face  # both eyes half shut, both open: nothing to mix
    seen = [transfer(driver).lids[0] for driver in both]
    assert seen[0] < 0.6
    lids = transfer(with_left_lids(face, 0.55)).lids
    mean = sum(seen) / 2
    np.testing.assert_allclose(lids, mean + OWN_LIDS * (np.array(seen) - mean), atol=1e-4)


def test_a_lid_that_shuts_never_opens_on_the_way(portrait, face):
    """Between moving together and a wink: the more one is shut the less it is drawn open."""
    transfer = MotionTransfer(portrait, face)
    found = [transfer(with_left_lids(face, opening)).lids[0] for opening in np.linspace(1, 0, 21)]
    assert (np.diff(found) <= 1e-6).all()
    assert found[0] - found[-1] > 0.95


def test_lids_take_the_drivers_shape(portrait, face):
    """Not only how far they are open: here both lids of an eye slant, outer halves up, as the driver's do."""
    driver = face.copy()
    slant = np.linspace(-2, 2, 7)
    for upper, lower, _ in lm.EYES:
        driver[list(upper[1:-1]), 1] += slant
        driver[list(lower[1:-1]), 1] += slant
    moved = (MotionTransfer(portrait, face)(driver).landmarks - portrait) * UNIT
    for upper, lower, _ in lm.EYES:
        for lid in (upper, lower):
            # The gap's length changes a little where only its direction was meant to: .2 of 2 pixels.
            np.testing.assert_allclose(moved[list(lid[1:-1]), 1], slant, atol=0.2)


def test_eyes_that_meet_nearer_do_so_by_half(portrait, face):
    """A tracker's irises are noisy, so only half of what one eye looks otherwise than both is kept."""
    driver = face.copy()
    driver[[468, *range(469, 473)], 0] += 1.5
    driver[[473, *range(474, 478)], 0] -= 1.5
    moved = (MotionTransfer(portrait, face)(driver).landmarks - portrait)[[468, 473], 0] * UNIT
    half = 0.75 / transfer.GAZE_SEEN
    np.testing.assert_allclose(moved, [half, -half], atol=0.12)  # the eyes' widths differ by 10 %


@pytest.mark.parametrize("side", [-1, 1])
def test_gaze_moves_both_irises_the_same_way(portrait, face, side):
    driver = face.copy()
    driver[468:, 0] += side * 4.0
    out = MotionTransfer(portrait, face)(driver)
    moved = (out.landmarks - portrait)[[468, 473], 0]
    assert np.all(side * moved > 0.004)
    assert moved[0] == pytest.approx(moved[1], rel=0.1)  # as their widths differ
    np.testing.assert_allclose(out.gaze[:, 0], moved, atol=1e-5)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_look_to_the_side_arrives_whole(portrait, face, side):
    """.22 of the eye's width is as far as people were seen to look on the clips, .85 of how far they did; the
    portrait is the same face."""
    width = np.linalg.norm(face[33, :2] - face[133, :2])
    driver = face.copy()
    driver[468:, 0] += side * 0.22 * width
    moved = (MotionTransfer(portrait, face)(driver).landmarks - portrait)[[468, 473], 0].mean()
    own_width = np.linalg.norm(portrait[33, :2] - portrait[133, :2])
    # The two eyes differ in width by 10 %.
    assert side * moved / own_width == pytest.approx(0.22 / transfer.GAZE_SEEN, rel=0.1)


def test_a_look_up_arrives_as_it_is_seen(portrait, face):
    driver = face.copy()
    driver[468:, 1] -= 2.0
    moved = (MotionTransfer(portrait, face)(driver).landmarks - portrait)[[468, 473], 1] * UNIT
    np.testing.assert_allclose(moved, -2.0, atol=0.2)  # the eyes' widths differ by 10 %


def test_gaze_under_shut_lids_is_ignored(portrait, face):
    driver = with_lids(face, 0.0)
    driver[468:, 0] += 6
    out = MotionTransfer(portrait, face)(driver)
    np.testing.assert_allclose(out.gaze, 0, atol=1e-4)


def test_mirroring_swaps_the_sides(face):
    twice = mirrored(mirrored(face, 512), 512)
    np.testing.assert_allclose(twice, face, atol=1e-4)
    wink = face.copy()
    wink[list(lm.LEFT_EYE_UPPER[1:-1])] = with_lids(face, 0.0)[list(lm.LEFT_EYE_UPPER[1:-1])]
    flipped = mirrored(wink, 512)
    assert aperture(flipped, 1) < 0.6 * aperture(flipped, 0)
    yaw = geo.to_euler(measures.face_axes(mirrored(turned(face, yaw=15), 512).astype(np.float64)))[0]
    assert np.degrees(yaw) == pytest.approx(-15, abs=2.5)  # the mesh itself is not quite symmetric


def test_blend_goes_from_one_to_the_other(portrait, face):
    a, b = rest(portrait), MotionTransfer(portrait, face)(turned(face, yaw=10))
    np.testing.assert_allclose(a.blend(b, 0.0).landmarks, a.landmarks)
    np.testing.assert_allclose(a.blend(b, 1.0).head, b.head, atol=1e-6)
    middle = a.blend(b, 0.5)
    np.testing.assert_allclose(middle.landmarks, (a.landmarks + b.landmarks) / 2, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), strength=st.floats(0, 200))
@example(seed=225, strength=163.0)  # lips some faces apart
def test_nonsense_in_stays_finite_and_bounded(face, seed, strength):
    """MediaPipe's points can be anywhere when a hand covers the face."""
    rng = np.random.default_rng(seed)
    driver = (face + rng.normal(0, strength, face.shape)).astype(np.float32)
    out = MotionTransfer((face / UNIT).astype(np.float32), face)(driver)
    assert np.isfinite(out.landmarks).all()
    # Points lie within 0.36 of the crop's middle. Expression adds at most 0.35 of the face's width an axis,
    # lips half of `MAX_GAP` mouth widths; times 1.25 for size, and 0.22 for the shift: 1.3 in all.
    assert np.abs(out.landmarks[:, :2] - 0.5).max() < 1.5
    assert ((out.lids >= 0) & (out.lids <= lids.MAX_LIDS)).all()
