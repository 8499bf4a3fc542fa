"""Lays pictures out on a sheet, each with its caption, and with what is wrong with it in red."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP, LINE, TEXT = 8, 11, 52  # pixels between pictures, of a line of text, and for all lines under a picture
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
    page = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + TEXT + GAP) + GAP), "white")
    pen = ImageDraw.Draw(page)
    for i, (picture, caption, wrong) in enumerate(zip(pictures, captions, faults, strict=True)):
        x, y = GAP + i % columns * (width + GAP), GAP + i // columns * (height + TEXT + GAP)
        page.paste(Image.fromarray(picture), (x, y))
        y += height
        if wrong:
            pen.rectangle([x, y, x + width - 1, y + 2], fill=WRONG)
        lines = [(line, "black") for line in wrap(caption, font, width)]
        lines += [(line, WRONG) for line in wrap(", ".join(wrong), font, width)]
        for number, (line, ink) in enumerate(lines):
            pen.text((x, y + 3 + number * LINE), line, font=font, fill=ink)
    return page
