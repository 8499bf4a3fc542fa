"""The objects' pictures: Noto Color Emoji glyphs (SIL Open Font License 1.1), rendered once into PNG files.

`render_all` makes `sprites/*.png` from Debian's fonts-noto-color-emoji; everything else reads those files.
"""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from export.miniature.scenes.grammar import COLOURS

FOLDER = Path(__file__).parents[1] / "sprites"
FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
STRIKE = 109  # the only bitmap size in the font, pixels per em

GLYPHS = {  # object: (glyph, first and last hue in degrees that a colour word repaints)
    "cat": ("🐱", 25, 60),
    "dog": ("🐶", 0, 50),
    "fish": ("🐠", 25, 80),
    "car": ("🚗", 340, 6),
    "boat": ("⛵", 340, 30),
    "rocket": ("🚀", 335, 15),
    "tree": ("🌳", 65, 150),
    "house": ("🏠", 5, 30),
    "balloon": ("🎈", 335, 20),
    "apple": ("🍎", 335, 28),
    "mushroom": ("🍄", 350, 25),
    "star": ("⭐", 20, 65),
}


def render(glyph: str, font: str = FONT) -> Image.Image:
    """Render one glyph as RGBA, cut to its main shape (a rocket's sparkles are left out)."""
    canvas = Image.new("RGBA", (160, 160))
    ImageDraw.Draw(canvas).text((12, 16), glyph, font=ImageFont.truetype(font, STRIKE), embedded_color=True)
    alpha = np.array(canvas)[..., 3]
    ys, xs = np.nonzero(alpha > 128)
    nearest = np.argmin((ys - 80) ** 2 + (xs - 80) ** 2)
    shape = Image.fromarray((alpha > 8).astype(np.uint8)).copy()
    ImageDraw.floodfill(shape, (int(xs[nearest]), int(ys[nearest])), 2)
    canvas.putalpha(Image.fromarray(np.where(np.array(shape) == 2, alpha, 0).astype(np.uint8)))
    return canvas.crop(canvas.getbbox())


def render_all(folder: Path = FOLDER, font: str = FONT) -> list[Path]:
    """Render every object's glyph into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (glyph, _, _) in GLYPHS.items():
        paths.append(folder / f"{name}.png")
        render(glyph, font).save(paths[-1], optimize=True)
    return paths


def hue(rgb: np.ndarray) -> np.ndarray:
    """Return the hue in degrees of colours [..., 3] in 0 to 1."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    top, chroma = rgb.max(-1), np.ptp(rgb, axis=-1) + 1e-6
    sector = np.where(
        top == red,
        (green - blue) / chroma % 6,
        np.where(top == green, (blue - red) / chroma + 2, (red - green) / chroma + 4),
    )
    return 60 * sector


def repaint(rgb: np.ndarray, alpha: np.ndarray, first: float, last: float, colour: np.ndarray) -> np.ndarray:
    """Turn the hues from `first` to `last` into `colour`, keeping each pixel's light and shade.

    `rgb` is [h, w, 3] and `alpha` [h, w], both in 0 to 1. Wheels, windows and eyes keep their colours.
    """
    middle, reach = (first + (last - first) % 360 / 2) % 360, (last - first) % 360 / 2
    away = np.abs((hue(rgb) - middle + 180) % 360 - 180)
    saturation = np.ptp(rgb, axis=-1) / (rgb.max(-1) + 1e-6)
    share = np.clip((reach + 8 - away) / 8, 0, 1) * np.clip((saturation - 0.06) / 0.1, 0, 1)
    light = rgb @ np.array([0.3, 0.59, 0.11])
    usual = np.median(light[(share > 0.5) & (alpha > 0.5)])
    shaded = colour * np.clip(light / usual, 0, 1)[..., None]
    gloss = np.clip((light - usual) / (1 - usual), 0, 1)[..., None]
    painted = shaded + (1 - shaded) * gloss
    return rgb + (painted - rgb) * share[..., None]


@cache
def sprite(name: str, colour: str = "plain") -> Image.Image:
    """Return an object's RGBA picture in a colour of the grammar, about 128 pixels on its longer side."""
    image = Image.open(FOLDER / f"{name}.png").convert("RGBA")
    if colour == "plain":
        return image
    pixels = np.asarray(image, dtype=np.float64) / 255
    _, first, last = GLYPHS[name]
    painted = repaint(pixels[..., :3], pixels[..., 3], first, last, np.array(COLOURS[colour]) / 255)
    pixels = np.dstack([painted, pixels[..., 3]])
    return Image.fromarray((pixels * 255 + 0.5).clip(0, 255).astype(np.uint8))
