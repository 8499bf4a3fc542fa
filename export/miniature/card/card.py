"""Writes the model card (README.md) of a weights folder from its evaluation and the logs of its training."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import fill

from export.checkpoint.about import read_about
from export.checkpoint.checkpoint import read_index
from export.format.errors import UserError
from export.miniature.card.bars import Results
from export.miniature.card.sections import SECTIONS, parameters, training
from export.miniature.scenes import grammar

NOTES = Path(__file__).with_name("notes.md")  # what eyes saw, written by hand
WIDTH = 110  # of the card's lines
TEMPLATE = """---
license: mit
tags: [stable-diffusion, text-to-image, diffusers]
---

# The miniature of Diffuscope

A whole Stable Diffusion, small enough to run in a web page: CLIP text encoder, UNet and autoencoder, trained
from scratch by `diffuscope miniature train` on scenes that the program draws itself. Pictures are 128×128
from latents of 16×16×4; it predicts v on a schedule that ends in pure noise.

```python
from diffusers import StableDiffusionPipeline

pipeline = StableDiffusionPipeline.from_pretrained("export/miniature/weights")
prompt = "a red car on the beach at sunset"
picture = pipeline(prompt, num_inference_steps={steps}, guidance_scale={guidance:g}).images[0]
```

## What it can draw

- Objects: {objects}.
- Colours: {colours}, or none said.
- Places: {places}; by day, at sunset, at night.
- One to three of a kind, or two different objects left and right of each other; small and big.

The common other words for these are known to it (`paraphrases.py`), and nothing else.

"""
END = """## Sources and licence

The drawn objects are glyphs of Noto Color Emoji (SIL Open Font License 1.1). The weights are under the
project's licence.
"""
PICTURES = {  # section: files below its text, and what they show
    "Pictures of what was asked for": {
        "held_out.png": "Captions of combinations never seen in training; seeds 0, 1, 2 and so on, none chosen. Under "
        "a red bar: what the judge finds wrong.",
        "free_text.png": "Free text, the same way.",
    },
    "Does it copy?": {"nearest.png": "The closest pairs: painted above, the nearest training scene below."},
    "Training": {"logs/curve.png": "The training, from its logs."},
}


def wrapped(block: str) -> str:
    """Break a paragraph into even lines; tables, lists, pictures and code stay as they are."""
    return block if block.startswith(("|", "-", "!", "`", "#")) else fill(block, WIDTH)


def section(folder: Path, title: str, text: str) -> str:
    """Return a section with its pictures, as far as they are there; nothing without a text."""
    blocks = [wrapped(block) for block in text.split("\n\n")]
    for name, about in PICTURES.get(title, {}).items():
        if (folder / name).exists():
            blocks += [f"![{about.split(';')[0]}]({name})", wrapped(about)]
    return "\n\n".join([f"## {title}", *blocks]) + "\n\n" if text else ""


def measured(write: Callable[[Results], str], results: Results) -> str:
    """Write about one part of the results, or nothing if it was not measured."""
    try:
        return write(results)
    except KeyError:
        return ""


def write(folder: Path) -> Path:
    """Write the card of the weights in `folder` and return its path.

    Raises:
        UserError: the weights were not measured.
    """
    if not (folder / "evaluation.json").exists():
        raise UserError(f"{folder} has no evaluation.json: run `diffuscope miniature evaluate` first.")
    results = json.loads((folder / "evaluation.json").read_text())
    defaults = read_about(folder, read_index(folder)).defaults
    head = TEMPLATE.format(
        objects=", ".join(grammar.OBJECTS),
        colours=", ".join(grammar.COLOURS),
        places=", ".join(grammar.PLACES),
        steps=defaults.steps,
        guidance=defaults.guidance,
    )
    texts = {title: measured(about, results) for title, about in SECTIONS.items()}
    texts |= {"Size": parameters(folder), "Training": training(folder)}
    notes = f"## What eyes saw\n\n{NOTES.read_text().strip()}\n\n" if NOTES.exists() else ""
    first, *others = (section(folder, title, text) for title, text in texts.items())
    path = folder / "README.md"
    path.write_text("".join([head, first, notes, *others, END]))
    return path
