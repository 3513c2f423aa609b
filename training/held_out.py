"""People who were never trained on: figures, and a sheet to look at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livecam.benchmarks.fidelity import mouth_and_eyes
from livecam.errors import UserError
from livecam.model.refiner_model import PartModel
from training import dataset
from training.dataset import Batch, Pairs
from training.part_windows import part_batch

TOGETHER = 16


def repair_pairs(
    painter: PartModel, pairs: Pairs, chosen: NDArray[np.int64], shots: int
) -> tuple[Batch, Tensor]:
    """The samples of the part as they are, and their repaired pictures (N, 3, H, W) in 0..1."""
    batch = dataset.gather(pairs, chosen, shots, np.random.default_rng(0))
    batch = part_batch(batch, painter.network.name)
    with torch.inference_mode():
        return batch, painter(batch).picture.clamp(0, 1)


def measure(painter: PartModel, pairs: Pairs, shots: int = 1, most: int = 200) -> dict[str, dict[str, float]]:
    """Figures of "refined", "warped", "blurred" and "flat", as `mouth_and_eyes.summary` names them."""
    painter.eval()
    chosen = np.unique(np.linspace(0, len(pairs) - 1, most).astype(np.int64))
    rows: dict[str, list[dict[str, float]]] = {}
    for start in range(0, len(chosen), TOGETHER):
        batch, repaired = repair_pairs(painter, pairs, chosen[start : start + TOGETHER], shots)
        for k in range(len(repaired)):
            truth, warped = to_picture(batch.truth[k]), to_picture(batch.warped[k])
            masks = mouth_and_eyes.regions(batch.truth_rasters[k].cpu().numpy(), truth.shape[1::-1])
            shown = {
                "refined": to_picture(repaired[k]),
                "warped": warped,
                **mouth_and_eyes.controls(warped, masks, pairs.size),
            }
            for name, image in shown.items():
                rows.setdefault(name, []).append(mouth_and_eyes.rate(image, truth, masks, pairs.size))
    painter.train()
    return {name: mouth_and_eyes.summary(found) for name, found in rows.items()}


def save_sheet(painter: PartModel, pairs: Pairs, path: Path, rows: int = 16, shots: int = 1) -> None:
    """Source, warped, refined and truth of some moments, twice as large, as a PNG.

    Raises:
        UserError: the file cannot be written.
    """
    painter.eval()
    chosen = np.linspace(0, len(pairs) - 1, min(rows, len(pairs))).astype(np.int64)
    batch, repaired = repair_pairs(painter, pairs, chosen, shots)
    painter.train()
    lines = [
        np.concatenate([to_picture(x[k]) for x in (batch.source, batch.warped, repaired, batch.truth)], 1)
        for k in range(len(repaired))
    ]
    sheet = np.concatenate(lines).repeat(2, 0).repeat(2, 1)
    if not cv2.imwrite(str(path), sheet[..., ::-1]):
        raise UserError(str(path), "cannot be written", "Check the folder.")


def to_picture(planes: Tensor) -> NDArray[np.uint8]:
    """(3, H, W) in 0..1 -> (H, W, 3) uint8."""
    values = planes.float().clamp(0, 1).mul(255).round().byte().cpu().numpy()
    return np.ascontiguousarray(values.transpose(1, 2, 0))
