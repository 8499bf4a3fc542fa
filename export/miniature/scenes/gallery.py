"""Lays pictures out on a sheet, each with its caption, and with what is wrong with it in red."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP, BAR, LINE = 8, 3, 11  # pixels between pictures, of the bar under a picture, and of a line of text
WRONG = "#c41820"


def wrap(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Break a text into lines that are at most `width` pixels wide, where its words allow."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if font.getlength(longer) <= width else [*lines, word]
    return [line for line in lines if line]


def gallery(
    pictures: np.ndarray, captions: Sequence[str], faults: Sequence[Sequence[str]], columns: int = 8
) -> Image.Image:
    """Lay out pictures uint8 [N, H, W, 3]; one with faults has a red bar under it and says them."""
    height, width = pictures.shape[1:3]
    font, rows = ImageFont.load_default(10), -(-len(pictures) // columns)
    said = [
        [(line, "black") for line in wrap(caption, font, width)]
        + [(line, WRONG) for line in wrap(", ".join(wrong), font, width)]
        for caption, wrong in zip(captions, faults, strict=True)
    ]
    pitch = height + BAR + LINE * max(map(len, said)) + GAP
    page = Image.new("RGB", (columns * (width + GAP) + GAP, rows * pitch + GAP), "white")
    pen = ImageDraw.Draw(page)
    for i, (picture, lines, wrong) in enumerate(zip(pictures, said, faults, strict=True)):
        x, y = GAP + i % columns * (width + GAP), GAP + i // columns * pitch
        page.paste(Image.fromarray(picture), (x, y))
        if wrong:
            pen.rectangle([x, y + height, x + width - 1, y + height + BAR - 1], fill=WRONG)
        for number, (line, ink) in enumerate(lines):
            pen.text((x, y + height + BAR + number * LINE), line, font=font, fill=ink)
    return page
