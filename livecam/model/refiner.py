"""The place of the learned half: what repairs the warped picture."""

from __future__ import annotations

from torch import Tensor, nn

from engines.base import TensorSpec


class Refiner(nn.Module):
    """Repairs a warped picture of side S. Whatever it needs besides becomes an input of the graph.

    A refiner works on a face-aligned crop: it asks for the crop's place, the portrait's own crop and
    person-specific parameters through `inputs`, and the generator hands them on in that order.
    """

    inputs: tuple[TensorSpec, ...] = ()
    """Inputs besides the picture and the landmarks. Their names differ from the generator's own."""

    def forward(self, picture: Tensor, landmarks: Tensor, *extra: Tensor) -> Tensor:
        """picture (1, 3, S, S) in 0..1 and landmarks (478, 2) in 0..1 -> a picture like the first."""
        raise NotImplementedError


class IdentityRefiner(Refiner):
    """Leaves the picture as the warper made it."""

    def forward(self, picture: Tensor, landmarks: Tensor, *extra: Tensor) -> Tensor:
        return picture
