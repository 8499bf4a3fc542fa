"""Writes the model card (README.md) of a weights folder from its evaluation and the logs of its training."""

import json
from pathlib import Path

from safetensors import safe_open

from export.errors import UserError
from export.miniature import grammar

LEARNED = 0.9  # share of wins from which an attribute counts as learned
COLUMNS = ("object_v_mse", "rest_v_mse", "hits_16", "hits_8")
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

Nothing else: other words are unknown to it.

## Size

| Part | Parameters |
|---|---|
{parts}

## Training

{training}

Of the {combinations} combinations of object, colour and place, {unseen} were never shown in training
(`held_out.json`). The figures below are for scenes made only of those.

## Measured

Autoencoder on {count} fresh scenes: **{psnr:.1f} dB** PSNR.

By noise level (timestep of 1000), on {count} held-out scenes: the squared error of v inside the objects and
elsewhere, and how often the cross-attention of a noun (mean over heads and layers, when shown a drawn scene
with noise) is strongest inside its object; by chance that would be {chance:.0%}.

| t | error in objects | elsewhere | attention hits, 16×16 | 8×8 |
|---|---|---|---|---|
{levels}

Which words it has learned: a held-out drawn scene with noise is shown with its own caption and with one in
which one thing is changed; how often the noise is predicted better under the true one (by chance: 50%).

| {attributes} |
|{rule}
| {wins} |

{weak}

![Held-out captions](held_out.png)

{steps} steps of DDIM, guidance {guidance:g}, combinations never seen in training; seeds 0, 1, 2 and so on.

## Sources and licence

The drawn objects are glyphs of Noto Color Emoji (SIL Open Font License 1.1). The weights are under the
project's licence.
"""


def _count(file: Path) -> int:
    """Count the parameters in a safetensors file."""
    with safe_open(file, "pt") as tensors:
        return sum(tensors.get_tensor(name).numel() for name in tensors.keys())  # noqa: SIM118


def _log(folder: Path, name: str) -> dict[str, float]:
    """Return the last line of a training log."""
    return json.loads((folder / "logs" / f"{name}.jsonl").read_text().splitlines()[-1])


def write(folder: Path) -> Path:
    """Write the card of the weights in `folder` and return its path."""
    if not (folder / "evaluation.json").exists():
        raise UserError(f"{folder} has no evaluation.json: run `diffuscope miniature evaluate` first.")
    measured = json.loads((folder / "evaluation.json").read_text())
    parts = [("text encoder", "text_encoder"), ("UNet", "unet"), ("autoencoder", "vae")]
    sizes = [(said, _count(next((folder / part).glob("*.safetensors")))) for said, part in parts]
    vae, denoiser = _log(folder, "vae"), _log(folder, "denoiser")
    levels, wins = measured["levels"], measured["true_caption_wins"]
    weak = [name for name, share in wins.items() if share < LEARNED]
    text = TEMPLATE.format(
        objects=", ".join(grammar.OBJECTS),
        colours=", ".join(grammar.COLOURS),
        places=", ".join(grammar.PLACES),
        parts="\n".join(f"| {said} | {count / 1e6:.2f} M |" for said, count in sizes),
        training=(
            f"- autoencoder: {vae['samples']:,} crops and pictures in {vae['minutes']:.0f} minutes\n"
            f"- text encoder and UNet: {denoiser['samples']:,} samples in {denoiser['minutes']:.0f} minutes "
            f"({denoiser['speed']:.0f} a second)\n"
            "- settings and seed: `export/miniature/configs/miniature.toml`; logs: `logs/`"
        ),
        combinations=len(grammar.combinations()),
        unseen=sum(grammar.held_out(*one) for one in grammar.combinations()),
        count=measured["held_out_scenes"],
        psnr=measured["vae_psnr"],
        chance=next(iter(levels.values()))["chance_16"],
        levels="\n".join(
            f"| {t} | {' | '.join(f'{level[name]:.3f}' for name in COLUMNS)} |" for t, level in levels.items()
        ),
        attributes=" | ".join(wins),
        rule="---|" * len(wins),
        wins=" | ".join(f"{share:.0%}" for share in wins.values()),
        weak=f"Weak: {', '.join(weak)}; take what it draws for these as a guess."
        if weak
        else "None is weak.",
        steps=measured["steps"],
        guidance=measured["guidance"],
    )
    path = folder / "README.md"
    path.write_text(text)
    return path
