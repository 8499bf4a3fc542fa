"""The gallery: every picture as it is, a red bar under those with faults, and text that fits."""

import numpy as np
from PIL import ImageColor, ImageFont

from export.miniature.gallery import GAP, TEXT, WRONG, gallery, wrap


def test_only_pictures_with_faults_are_marked() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    page = np.asarray(gallery(pictures, ["a cat"] * 3, [[], ["no cat", "night"], []], columns=2))
    red = np.array(ImageColor.getrgb(WRONG))
    for i, marked in enumerate([False, True, False]):
        x, y = GAP + i % 2 * (64 + GAP), GAP + i // 2 * (64 + TEXT + GAP)
        assert np.array_equal(page[y : y + 64, x : x + 64], pictures[i])
        below = page[y + 64 : y + 64 + TEXT, x : x + 64]
        assert (below[0] == red).all() == marked
        assert (below[10:, :, 0] > below[10:, :, 1].astype(int) + 60).any() == marked  # they are said in red
        assert (below[3:14] < 100).all(-1).any()  # and the caption in black


def test_lines_fit_where_words_allow() -> None:
    font, text = ImageFont.load_default(10), "a purple cat on the left and a small yellow boat on the right"
    lines = wrap(text, font, 64)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(font.getlength(line) <= 64 for line in lines)
    assert wrap("", font, 64) == []
