"""The gallery: every picture as it is, a red bar under those with faults, and text that fits."""

import numpy as np
from PIL import ImageColor, ImageFont

from export.miniature.scenes.gallery import BAR, GAP, LINE, WRONG, gallery, wrap


def test_only_pictures_with_faults_are_marked() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    wrong = ["no cat", "two", "dogs too", "night"]
    page = np.asarray(gallery(pictures, ["a cat"] * 3, [[], wrong, []], columns=2))
    lines = 1 + len(wrap(", ".join(wrong), ImageFont.load_default(10), 64))
    red, text = np.array(ImageColor.getrgb(WRONG)), BAR + lines * LINE
    for i, marked in enumerate([False, True, False]):
        x, y = GAP + i % 2 * (64 + GAP), GAP + i // 2 * (64 + text + GAP)
        assert np.array_equal(page[y : y + 64, x : x + 64], pictures[i])
        below = page[y + 64 : y + 64 + text, x : x + 64].astype(int)
        assert (below[:BAR] == red).all() == marked
        assert (below[BAR + LINE :, :, 0] > below[BAR + LINE :, :, 1] + 60).any() == marked  # faults in red
        assert (below[BAR : BAR + LINE] < 100).all(-1).any()  # the caption in black
    assert page.shape == (2 * (64 + text + GAP) + GAP, 2 * (64 + GAP) + GAP, 3)


def test_lines_fit_where_words_allow() -> None:
    font, text = ImageFont.load_default(10), "a purple cat on the left and a small yellow boat on the right"
    lines = wrap(text, font, 64)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(font.getlength(line) <= 64 for line in lines)
    assert wrap("", font, 64) == []
