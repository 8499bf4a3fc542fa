"""Six places at three times of day, drawn with polygons and gradients at twice the size, then halved.

A place varies little (the lie of the hills, one of four skylines, two clouds): what the caption leaves
unsaid is what a small model would have to blur.
"""

from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 128  # pixels
SCALE = 2  # drawn at 256
Colour = tuple[int, int, int]

SKY = {  # time: colours from the top to the horizon
    "day": [(58, 142, 236), (128, 192, 248), (206, 234, 252)],
    "sunset": [(88, 52, 138), (214, 92, 120), (255, 172, 92)],
    "night": [(6, 9, 36), (18, 24, 70), (42, 52, 112)],
}
LIGHT = {"day": (1.0, 1.0, 1.0), "sunset": (0.98, 0.74, 0.66), "night": (0.38, 0.42, 0.64)}
HORIZON = {"beach": 58, "meadow": 70, "snow": 70, "desert": 70, "sea": 62, "street": 84}
STARS = [
    (8, 12),
    (21, 34),
    (30, 7),
    (41, 22),
    (54, 40),
    (62, 11),
    (73, 29),
    (84, 48),
    (118, 44),
    (12, 52),
    (50, 3),
]
SKYLINES = [  # (left, width, height above the street) of each building
    [(0, 30, 52), (30, 26, 38), (56, 28, 60), (84, 22, 42), (106, 24, 54)],
    [(0, 22, 40), (22, 32, 58), (54, 24, 44), (78, 28, 56), (106, 24, 36)],
    [(0, 26, 58), (26, 24, 42), (50, 32, 50), (82, 24, 62), (106, 24, 44)],
    [(0, 32, 44), (32, 24, 60), (56, 22, 40), (78, 30, 52), (108, 22, 60)],
]
WALLS = [(178, 112, 96), (128, 142, 168), (206, 168, 122), (146, 122, 156), (108, 150, 152)]


class Canvas:
    """A picture twice too large, painted in final pixels and lit by the time of day."""

    def __init__(self, time: str) -> None:
        """Begin with the sky."""
        self.time = time
        stops = np.array(SKY[time], dtype=float)
        rows = np.linspace(0, 1, SIDE * SCALE).clip(0, 0.62) / 0.62
        sky = np.stack([np.interp(rows, [0, 0.5, 1], stops[:, c]) for c in range(3)], -1)  # [256, 3]
        self.image = Image.fromarray(np.tile(sky.astype(np.uint8)[:, None], (1, SIDE * SCALE, 1)))
        self.draw = ImageDraw.Draw(self.image)

    def lit(self, colour: Colour) -> Colour:
        """Return the colour that a surface has at this time of day."""
        red, green, blue = (int(c * light) for c, light in zip(colour, LIGHT[self.time], strict=True))
        return red, green, blue

    def polygon(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon."""
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=colour)

    def ellipse(self, x: float, y: float, across: float, high: float, colour: Colour) -> None:
        """Fill an ellipse around a point."""
        box = [
            (x - across / 2) * SCALE,
            (y - high / 2) * SCALE,
            (x + across / 2) * SCALE,
            (y + high / 2) * SCALE,
        ]
        self.draw.ellipse(box, fill=colour)

    def rectangle(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill a rectangle from its upper left corner."""
        box = [x * SCALE, y * SCALE, (x + width) * SCALE - 1, (y + height) * SCALE - 1]
        self.draw.rectangle(box, fill=colour)

    def ground(self, top: float, near: Colour, far: Colour) -> None:
        """Fill from a height down to the bottom, from a far to a near colour."""
        first, last = int(top * SCALE), SIDE * SCALE
        for y in range(first, last):
            share = (y - first) / (last - first)
            colour = tuple(
                int(f + (n - f) * share) for f, n in zip(self.lit(far), self.lit(near), strict=True)
            )
            self.draw.line([(0, y), (last, y)], fill=colour)

    def hill(self, top: float, height: float, phase: float, waves: float, colour: Colour) -> None:
        """Fill everything below a sine-shaped ridge."""
        xs = np.arange(0, SIDE + 5, 4)
        ridge = [(float(x), top - height * np.sin(2 * np.pi * (waves * x / SIDE + phase))) for x in xs]
        self.polygon([(0, SIDE), *ridge, (SIDE + 4, SIDE)], self.lit(colour))


def heaven(canvas: Canvas, place: str, rng: Random) -> None:
    """Draw clouds by day, a low sun at sunset, the moon and stars at night."""
    if canvas.time == "day":
        for x, y in ((rng.uniform(18, 40), rng.uniform(12, 22)), (rng.uniform(80, 108), rng.uniform(16, 30))):
            for dx, dy, across in ((-9, 2, 14), (0, -1, 18), (9, 2, 13)):
                canvas.ellipse(x + dx, y + dy, across, across * 0.62, (250, 252, 255))
    elif canvas.time == "sunset" and place != "street":
        canvas.ellipse(102, HORIZON[place] - 8, 26, 26, (255, 226, 130))
    elif canvas.time == "night":
        for x, y in STARS:
            canvas.ellipse(x, y, 2, 2, (226, 230, 255))
        canvas.ellipse(106, 20, 20, 20, (250, 244, 214))
        canvas.ellipse(103, 17, 4.5, 4.5, (226, 216, 180))
        canvas.ellipse(109, 23, 3.5, 3.5, (226, 216, 180))


def beach(canvas: Canvas, rng: Random) -> None:
    """Draw a strip of sea, a foam line and sand."""
    canvas.ground(HORIZON["beach"], (38, 168, 200), (28, 112, 190))
    phase = rng.random()
    canvas.hill(80, 2.5, phase, 1.0, (246, 250, 252))
    canvas.hill(83, 2.5, phase, 1.0, (206, 174, 116))
    canvas.hill(86, 2.5, phase, 1.0, (240, 212, 150))
    for x, y in ((14, 120), (112, 96), (70, 124)):
        canvas.ellipse(x, y, 6, 2.5, canvas.lit((214, 180, 118)))


def meadow(canvas: Canvas, rng: Random) -> None:
    """Draw two green ridges and flowers."""
    canvas.hill(66, 7, rng.random(), 0.9, (70, 138, 70))
    canvas.hill(76, 3, rng.random(), 0.7, (116, 186, 74))
    for i, (x, y) in enumerate([(10, 92), (118, 90), (20, 118), (104, 120), (62, 123), (38, 86), (88, 84)]):
        canvas.ellipse(x, y, 4, 4, canvas.lit([(255, 250, 240), (255, 224, 84)][i % 2]))


def snow(canvas: Canvas, rng: Random) -> None:
    """Draw two white-capped mountains and a snow field."""
    shift = rng.uniform(-8, 8)
    for x, half, top in ((34, 44, 36), (92, 52, 44)):
        canvas.polygon(
            [(x + shift - half, 80), (x + shift, top), (x + shift + half, 80)], canvas.lit((134, 156, 192))
        )
        cap = [(x + shift - half * 0.3, top + 0.3 * (80 - top)), (x + shift, top)]
        cap += [(x + shift + half * 0.3, top + 0.3 * (80 - top)), (x + shift, top + 0.22 * (80 - top))]
        canvas.polygon(cap, canvas.lit((250, 252, 255)))
    canvas.hill(76, 3, rng.random(), 0.8, (216, 228, 244))
    canvas.hill(86, 3, rng.random(), 0.6, (246, 249, 255))


def desert(canvas: Canvas, rng: Random) -> None:
    """Draw a far pyramid and two dunes."""
    x = 30 + rng.uniform(-6, 6)
    canvas.polygon([(x - 26, 76), (x, 42), (x + 8, 76)], canvas.lit((226, 176, 106)))
    canvas.polygon([(x + 8, 76), (x, 42), (x + 26, 76)], canvas.lit((178, 128, 74)))
    canvas.hill(72, 4, rng.random(), 0.9, (220, 158, 84))
    canvas.hill(84, 4, rng.random(), 0.7, (240, 184, 104))


def sea(canvas: Canvas, rng: Random) -> None:
    """Draw open water with rows of waves."""
    canvas.ground(HORIZON["sea"], (16, 88, 176), (44, 146, 214))
    shift = rng.uniform(0, 24)
    for row, y in enumerate((72, 85, 100, 117)):
        across = 16 + 5 * row
        for x in np.arange(-40 + shift + row * 11, SIDE + 20, across * 1.5):
            box = [(x - across / 2) * SCALE, (y - 3) * SCALE, (x + across / 2) * SCALE, (y + 3) * SCALE]
            canvas.draw.arc(box, 20, 160, fill=canvas.lit((138, 206, 244)), width=3)


def street(canvas: Canvas, rng: Random) -> None:
    """Draw one of four skylines, a pavement and a road."""
    bottom, skyline = HORIZON["street"], rng.randrange(len(SKYLINES))
    for i, (x, width, height) in enumerate(SKYLINES[skyline]):
        canvas.rectangle(x, bottom - height, width, height, canvas.lit(WALLS[(i + skyline) % len(WALLS)]))
        columns, rows = width // 10, (height - 4) // 12
        gap = (width - columns * 5) / (columns + 1)
        for column in range(columns):
            for row in range(rows):
                lit = canvas.time == "night" and (row + 2 * column + i) % 3 != 0
                pane = (255, 214, 110) if lit else canvas.lit((212, 234, 250))
                left = x + gap + column * (5 + gap)
                canvas.rectangle(left, bottom - height + 5 + row * 12, 5, 7, pane)
    canvas.rectangle(0, bottom, SIDE, 7, canvas.lit((196, 196, 200)))
    canvas.rectangle(0, bottom + 7, SIDE, SIDE, canvas.lit((96, 98, 108)))
    for x in (4, 52, 100):
        canvas.rectangle(x, 112, 24, 3, canvas.lit((244, 244, 236)))


PAINTERS = {"beach": beach, "meadow": meadow, "snow": snow, "desert": desert, "sea": sea, "street": street}


def background(place: str, time: str, rng: Random) -> Image.Image:
    """Return a place at a time of day, RGB 128×128."""
    canvas = Canvas(time)
    heaven(canvas, place, rng)
    PAINTERS[place](canvas, rng)
    return canvas.image.filter(ImageFilter.GaussianBlur(0.6)).reduce(SCALE)
