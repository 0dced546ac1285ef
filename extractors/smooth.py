"""Make a network fit for products of 8 bits.  Needs the extra ``train`` (torch).

A product of 8 bits has 256 steps for all that goes into it.  In an encoder a few channels are ten
times as large as the others, and leave these a handful of steps.  So what goes into each product is
divided channel by channel, and the weights behind are multiplied by the same: the network gives
the same, and the channels are of like size (SmoothQuant, Xiao et al. 2023).
"""

import copy
from collections.abc import Iterable
from typing import Final

import torch
from torch import Tensor, nn

from .network import Network

#: How much of the difference in size goes from the channels into the weights (alpha of the paper).
SHARE: Final = 0.8
#: Nothing is divided by less.
LEAST: Final = 1e-4


class Smoothed(nn.Module):
    """A linear layer whose input is divided by ``scales``, one a channel."""

    def __init__(self, layer: nn.Linear, scales: Tensor) -> None:
        super().__init__()
        self.inverse = nn.Parameter(1 / scales)
        self.layer = copy.deepcopy(layer)
        with torch.no_grad():
            self.layer.weight.mul_(scales)

    def forward(self, x: Tensor) -> Tensor:
        """Apply it: ... x in -> ... x out."""
        y: Tensor = self.layer(x * self.inverse)
        return y


def smoothed(network: Network, texts: Iterable[tuple[Tensor, Tensor]]) -> Network:
    """Copy a network, with the linear layers of its encoder smoothed.

    ``texts`` show how large the channels are: ids and shapes of word pieces, 1 x length each.
    """
    largest = _largest(network, texts)
    made = copy.deepcopy(network)
    for name, top in largest.items():
        layer = made.encoder.encoder.get_submodule(name)
        weights = layer.weight.abs().amax(0).clamp_min(LEAST)
        scales = top.clamp_min(LEAST) ** SHARE / weights ** (1 - SHARE)
        made.encoder.encoder.set_submodule(name, Smoothed(layer, (scales / scales.mean()).detach()))
    return made


def _largest(network: Network, texts: Iterable[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    """Give the largest absolute value of each channel that goes into each linear layer."""
    largest: dict[str, Tensor] = {}

    def watch(name: str, x: Tensor) -> None:
        top = x.abs().flatten(0, -2).amax(0)
        largest[name] = torch.maximum(largest[name], top) if name in largest else top

    watches = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: watch(name, inputs[0]))
        for name, module in network.encoder.encoder.named_modules()
        if isinstance(module, nn.Linear)
    ]
    with torch.no_grad():
        for ids, shapes in texts:
            network.encode(ids, shapes, torch.ones_like(ids))
    for handle in watches:
        handle.remove()
    return largest
