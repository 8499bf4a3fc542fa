"""Puts the trained parts together into an ordinary Stable Diffusion folder of diffusers."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from export.miniature.scenes.grammar import caption, scene
from export.miniature.training.curve import draw
from export.miniature.training.denoiser import scheduler
from export.miniature.training.meanings import synonyms
from export.miniature.training.tokenizer import known_words

ABOUT = Path(__file__).with_name("diffuscope.json")  # how the page names it, and what it begins with

PROMPTS = 96  # captions that go along, as examples of what it can draw

PREVIEW = "preview_decoder"  # the small decoder's folder, beside the parts


def assemble(
    vae: AutoencoderKL, text: CLIPTextModel, unet: UNet2DConditionModel, tokenizer: CLIPTokenizer
) -> StableDiffusionPipeline:
    """Return a pipeline of the given parts."""
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def half(part: Any) -> Any:
    """Return a copy of a model in fp16, free of training hooks and attention recorders."""
    kind = type(part)
    fresh = kind(part.config) if kind is CLIPTextModel else kind.from_config(part.config)
    fresh.load_state_dict(part.state_dict())
    return torch.nn.Module.to(fresh, torch.float16)


def same_autoencoder(folder: Path, other: Path) -> bool:
    """Whether two diffusers folders hold the same autoencoder."""
    files = [each / "vae" / "diffusion_pytorch_model.safetensors" for each in (folder, other)]
    return all(file.exists() for file in files) and files[0].read_bytes() == files[1].read_bytes()


def save(pipeline: StableDiffusionPipeline, folder: Path, logs: list[Path]) -> None:
    """Write `folder` in fp16, complete or not at all; the pipeline itself stays as it is.

    Of a folder that was there, only the judge is kept, and the small decoder where the autoencoder is the same: all
    else speaks of the old weights.
    """
    partial, old = folder.with_name(folder.name + ".partial"), folder.with_name(folder.name + ".old")
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)
    halves = assemble(
        half(pipeline.vae), half(pipeline.text_encoder), half(pipeline.unet), pipeline.tokenizer
    )
    halves.save_pretrained(partial, safe_serialization=True)
    for name, words in (("known_words", known_words()), ("synonyms", synonyms())):
        (partial / "tokenizer" / f"{name}.json").write_text(json.dumps(words, indent=0) + "\n")
    captions = [caption(scene(seed)) for seed in range(PROMPTS)]
    (partial / "prompts.txt").write_text("\n".join(captions) + "\n")
    shutil.copy(ABOUT, partial)
    (partial / "logs").mkdir()
    for log in logs:
        shutil.copy(log, partial / "logs")
    draw(logs, partial / "logs" / "curve.png")
    if (folder / "judge").exists():
        shutil.copytree(folder / "judge", partial / "judge")
    if (folder / PREVIEW).exists() and same_autoencoder(folder, partial):
        shutil.copytree(folder / PREVIEW, partial / PREVIEW)
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
