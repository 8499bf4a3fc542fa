"""The judge's network: a small U-Net that names the object and colour of every cell, the place and the time.

U-Net: Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.miniature.judging.judge import CELL, COLOURS, OBJECTS, PLACES, TIMES
from export.miniature.scenes.backgrounds import SIDE


class Naming(NamedTuple):
    """Logits for B pictures; their maps have h = w = 64 cells."""

    objects: Tensor  # [B, 1 + 12, h, w], nothing first
    colours: Tensor  # [B, 7, h, w], of no meaning where nothing stands
    places: Tensor  # [B, 6]
    times: Tensor  # [B, 3]


def block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    """Convolve, normalize in groups of eight channels, cut at zero."""
    convolution = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(after // 8, after), nn.ReLU())


class Segmenter(nn.Module):
    """Halves the side with each of `channels`, and comes back to the first with skip connections."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        pairs = list(pairwise(channels))
        self.conv_in = nn.Conv2d(3 * CELL**2, channels[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Sequential(block(a, b, 2), block(b, b)) for a, b in pairs)
        self.narrow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
        self.up = nn.ModuleList(block(a, a) for a, _ in pairs)
        self.cell_head = nn.Conv2d(channels[0], 1 + len(OBJECTS) + len(COLOURS), 1)
        self.picture_head = nn.Linear(channels[-1], len(PLACES) + len(TIMES))

    def forward(self, x: Tensor) -> Naming:
        """Name what pictures [B, 3, 128, 128] in -1 to 1 show."""
        x = self.conv_in(functional.pixel_unshuffle(x, CELL))  # [B, channels[0], 64, 64]
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(x)
        whole = self.picture_head(x.mean((2, 3)))
        for skip, narrow, up in reversed(list(zip(skips, self.narrow, self.up, strict=True))):
            x = up(skip + functional.interpolate(narrow(x), scale_factor=2, mode="nearest"))
        cells = self.cell_head(x)
        return Naming(
            *cells.split([1 + len(OBJECTS), len(COLOURS)], 1), *whole.split([len(PLACES), len(TIMES)], 1)
        )


class JudgeGraph(nn.Module):
    """`picture [128, 128, 4]`, as the decoder's graph gives it → shares `objects`, `colours`, `places`, `times`.

    The shares of each cell, and of the picture, add up to 1.
    """

    name = "judge"

    def __init__(self, segmenter: Segmenter) -> None:
        super().__init__()
        self.segmenter = segmenter

    def examples(self, generator: torch.Generator) -> dict[str, Tensor]:
        """A picture of noise."""
        return {"picture": torch.randint(0, 256, (SIDE, SIDE, 4), generator=generator).float()}

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Leave the alpha channel away, and name."""
        naming = self.segmenter(picture[None, ..., :3].permute(0, 3, 1, 2) / 127.5 - 1)
        return {name: logits[0].softmax(0) for name, logits in naming._asdict().items()}
