"""All networks of a run together, and one step of training."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from livecam.errors import UserError
from livecam.model import losses
from livecam.model.discriminator import Discriminator
from livecam.model.embedder import Embedder
from livecam.model.features import FeatureNetwork, perceptual
from livecam.model.refiner_model import PartModel, RefinedCrops, load_refiner_model
from training import dataset
from training.augment import augment
from training.dataset import Batch, Pairs
from training.distributed import SingleProcess
from training.part_windows import part_batch
from training.recipe import Recipe

LAST_RATE = 0.03
"""Share of the learning rate that is left at the end."""


class System:
    """Networks, their averages and optimisers. `step` n always does the same, given the state after n - 1."""

    def __init__(
        self,
        recipe: Recipe,
        size: int,
        device: str = "cpu",
        features: FeatureNetwork | None = None,
        together: SingleProcess | None = None,
    ) -> None:
        torch.manual_seed(recipe.seed)  # for the first weights; steps draw from generators of their own
        self.recipe, self.device = recipe, torch.device(device)
        self.together = together or SingleProcess()
        self.painter = PartModel.make(recipe.network, size).to(self.device)
        self.average: PartModel = copy.deepcopy(self.painter).requires_grad_(False)
        self.judge = Discriminator(recipe.network.people, recipe.network.discriminator)
        self.judge.to(self.device)
        for module in (self.painter, self.average, self.judge):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.features = None if features is None else features.to(self.device).eval().requires_grad_(False)
        self.painter_optimiser = torch.optim.AdamW(
            self.painter.parameters(), recipe.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4
        )
        self.judge_optimiser = torch.optim.AdamW(
            self.judge.parameters(), recipe.discriminator_rate, betas=(0.5, 0.99), weight_decay=1e-4
        )
        half = recipe.precision == "bf16" or (recipe.precision == "auto" and self.device.type == "cuda")
        self.half = half

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything that a checkpoint holds."""
        return {"painter": self.painter, "average": self.average, "judge": self.judge}

    @property
    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"painter_optimiser": self.painter_optimiser, "judge_optimiser": self.judge_optimiser}

    def begin_from(self, path: Path) -> None:
        """The first weights are those of a painter.safetensors, and its embedder stays. Raises
        `UserError` for a file that has no such network."""
        painter, _ = load_refiner_model(path)
        part = self.recipe.network.part
        if part not in painter.styles:
            raise UserError(str(path), f"has no network {part!r}", "Name one that has, or leave it away.")
        for model in (self.painter, self.average):
            try:
                model.load_state_dict(painter.part(part).state_dict())
            except RuntimeError as error:
                raise UserError(str(path), "its networks have another shape", "Use its recipe.") from error
        self.keep_embedder(painter.embedder)

    def keep_embedder(self, embedder: Embedder) -> None:
        """It is not trained, for other networks were trained with it."""
        for model in (self.painter, self.average):
            try:
                model.embedder.load_state_dict(embedder.state_dict())
            except RuntimeError as error:
                raise UserError("the embedder", "has another width", "Use its recipe.") from error
        self.painter.embedder.requires_grad_(False)

    def batch(self, pairs: Pairs, step: int) -> Batch:
        """The samples of a step, drawn and augmented from (seed, step) alone, of the part that is trained."""
        recipe = self.recipe
        rng = np.random.default_rng(
            [recipe.seed, 2, step, *([self.together.rank] * (self.together.count > 1))]
        )
        chosen = self.together.share(dataset.choose(pairs, recipe.seed, step, recipe.batch))
        shots = int(rng.integers(1, recipe.shots + 1))
        batch = dataset.gather(pairs, chosen, shots, rng)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return part_batch(augment(batch, recipe.augment, generator), recipe.network.part)

    def step(self, pairs: Pairs, step: int) -> dict[str, Tensor]:
        """One step; losses by name, unweighted, as tensors: reading one waits for the GPU."""
        batch = self.batch(pairs, step)
        self._set_rates(step)
        joined = 0 <= self.recipe.adversarial_from <= step
        found: dict[str, Tensor] = {}
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            painted = self.painter(batch)
            truth = losses.register_truth(batch.truth, painted.picture.detach())
            truth = losses.only_teeth_teach(truth, painted.picture, batch.teeth, batch.true_teeth)
            batch = replace(batch, truth=truth)
            total = self._plain_losses(batch, painted, found)
            if joined:
                total = total + self._adversarial_losses(batch, painted, found)
        found["total"] = total
        self._descend(self.painter, self.painter_optimiser, total, found, "gradient")
        if joined:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                judged = self._judge_loss(batch, painted)
            found["discriminator"] = judged
            self._descend(self.judge, self.judge_optimiser, judged, found, "discriminator_gradient")
        self._follow(step)
        return {name: value.detach() for name, value in found.items()}

    def _plain_losses(self, batch: Batch, painted: RefinedCrops, found: dict[str, Tensor]) -> Tensor:
        weights = self.recipe.weights
        regions = losses.region_weights(painted.gate, batch.rasters, batch.truth_rasters)
        found["content"] = losses.content_loss(painted.picture, batch.truth, regions)
        found["restraint"] = losses.mask_restraint(painted.mask, painted.gate, regions)
        total = weights.content * found["content"] + weights.restraint * found["restraint"]
        if weights.gradients > 0:
            found["gradients"] = losses.gradient_similarity(painted.picture, batch.truth, regions)
            total = total + weights.gradients * found["gradients"]
        if weights.tone > 0:
            found["tone"] = losses.local_colour(painted.picture, batch.truth, regions)
            total = total + weights.tone * found["tone"]
        mouth, eyes = losses.mouth_and_eyes(regions, batch.rasters)
        for name, weight, where in (
            ("sharpness", weights.sharpness, mouth),
            ("eye_sharpness", weights.eye_sharpness, eyes),
        ):
            if weight > 0:
                found[name] = losses.sharpness_loss(painted.picture, batch.truth, where)
                total = total + weight * found[name]
        if self.features is not None and weights.perceptual > 0:
            found["perceptual"] = perceptual(self.features, painted.picture, batch.truth, painted.gate)
            total = total + weights.perceptual * found["perceptual"]
        return total

    def _adversarial_losses(self, batch: Batch, painted: RefinedCrops, found: dict[str, Tensor]) -> Tensor:
        weights = self.recipe.weights
        self.judge.requires_grad_(False)
        fake = self.judge(painted.picture, batch.rasters, painted.gate, batch.person)
        with torch.no_grad():
            real = self.judge(batch.truth, batch.rasters, painted.gate, batch.person)
        columns = self.judge.columns(batch.person)
        self.judge.requires_grad_(True)
        found["adversarial"] = losses.generator_hinge(fake, painted.gate)
        found["feature_match"] = losses.feature_match(real.features, fake.features)
        found["embedding_match"] = losses.embedding_match(columns.detach(), painted.embedding)
        return (
            weights.adversarial * found["adversarial"]
            + weights.feature_match * found["feature_match"]
            + weights.embedding_match * found["embedding_match"]
        )

    def _judge_loss(self, batch: Batch, painted: RefinedCrops) -> Tensor:
        """Hinge, and the columns drawn to the embeddings as those are to them."""
        gate = painted.gate.detach()
        real = self.judge(batch.truth, batch.rasters, gate, batch.person)
        fake = self.judge(painted.picture.detach(), batch.rasters, gate, batch.person)
        match = losses.embedding_match(self.judge.columns(batch.person), painted.embedding.detach())
        return losses.discriminator_hinge(real, fake, gate) + self.recipe.weights.embedding_match * match

    def _descend(
        self,
        module: nn.Module,
        optimiser: torch.optim.Optimizer,
        loss: Tensor,
        found: dict[str, Tensor],
        name: str,
    ) -> None:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.together.average(module.parameters())
        found[name] = nn.utils.clip_grad_norm_(module.parameters(), self.recipe.clip)
        optimiser.step()

    def _set_rates(self, step: int) -> None:
        recipe = self.recipe
        share = min(1.0, step / recipe.steps)
        factor = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))
        factor *= min(1.0, (step + 1) / max(recipe.warm_up, 1))
        for optimiser, rate in (
            (self.painter_optimiser, recipe.learning_rate),
            (self.judge_optimiser, recipe.discriminator_rate),
        ):
            for group in optimiser.param_groups:
                group["lr"] = rate * factor

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        """The averages follow, faster at first: they must not remember the first weights."""
        decay = min(self.recipe.ema, (step + 1) / (step + 30))
        pairs = zip(self.average.parameters(), self.painter.parameters(), strict=True)
        for average, now in pairs:
            average.lerp_(now, 1 - decay)
