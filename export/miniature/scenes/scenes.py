"""Draws a scene: a background, soft shadows, the objects, and for every item the mask of where it is."""

from random import Random
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from export.miniature.scenes.backgrounds import SIDE, background
from export.miniature.scenes.grammar import Item, Scene
from export.miniature.scenes.sprites import sprite

SPANS = {  # longer side of an object, pixels
    "small": (34, 38),
    "normal": (52, 60),
    "big": (80, 90),
}
PAIR_SPANS = {"small": (34, 38), "normal": (46, 52), "big": (68, 72)}
SEVERAL_SPANS = {2: (46, 52), 3: (36, 40)}
FLOATING = {"balloon", "star", "rocket"}
GLOW = {"day": (255, 255, 255), "sunset": (255, 222, 204), "night": (242, 242, 255)}  # light on the objects


class Picture(NamedTuple):
    """A drawn scene: `pixels` uint8 [128, 128, 3], `masks` uint8 [items, 128, 128], 255 where the item is."""

    pixels: np.ndarray
    masks: np.ndarray


def span(item: Item, scene: Scene, rng: Random) -> float:
    """Return how long an object's longer side shall be, in pixels."""
    if item.count > 1:
        return rng.uniform(*SEVERAL_SPANS[item.count])
    return rng.uniform(*(PAIR_SPANS if scene.kind == "pair" else SPANS)[item.size])


def figure(item: Item, length: float, time: str) -> Image.Image:
    """Return an object's RGBA picture at its size, in the light of the time of day."""
    image = sprite(item.name, item.colour)
    factor = length / max(image.size)
    image = image.resize(
        (round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS
    )
    if time == "day":
        return image
    red, green, blue, alpha = image.split()
    bands = [
        band.point([v * light // 255 for v in range(256)])
        for band, light in zip((red, green, blue), GLOW[time], strict=True)
    ]
    return Image.merge("RGBA", (*bands, alpha))


def draw(scene: Scene) -> Picture:
    """Draw a scene; equal scenes give equal pictures."""
    rng = Random(f"picture {scene.seed}")
    image = background(scene.place, scene.time, rng)
    order = scene.items if scene.side == "left" else scene.items[::-1]
    row = [item for item in order for _ in range(item.count)]
    length = span(row[0], scene, rng)
    figures = [figure(i, length if i.count > 1 else span(i, scene, rng), scene.time) for i in row]

    width = sum(f.width for f in figures)
    gap = min(rng.uniform(4, 9), (SIDE - 2 - width) / max(1, len(row) - 1))
    free = (SIDE - width - gap * (len(row) - 1)) / 2
    x = free + rng.uniform(-1, 1) * min(10, free)
    ground = rng.uniform(105, 112)

    shadow = Image.new("L", (SIDE, SIDE))
    pen, corners = ImageDraw.Draw(shadow), []
    for item, f in zip(row, figures, strict=True):
        lift = rng.uniform(6, 9) if item.name in FLOATING else 0
        corners.append((round(x), round(ground - lift) - f.height))
        pen.ellipse(
            [x + f.width * 0.08, ground - 4, x + f.width * 0.92, ground + 3], fill=110 if lift else 150
        )
        x += f.width + gap
    image.paste((12, 14, 34), mask=shadow.filter(ImageFilter.GaussianBlur(2)))

    masks = [Image.new("L", (SIDE, SIDE)) for _ in scene.items]
    for item, f, corner in zip(row, figures, corners, strict=True):
        image.paste(f, corner, f)
        masks[scene.items.index(item)].paste(255, corner, f.getchannel("A"))
    return Picture(np.asarray(image), np.stack([np.asarray(mask) for mask in masks]))
