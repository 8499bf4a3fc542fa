"""The stages of a run, each resumable: tokenizer, pool, autoencoder, small decoder, latents, denoiser, folder.

Several processes may run this at once (`accelerate launch`, `torchrun`); each stage says which of them work.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from transformers import CLIPTokenizer

from export.format.errors import UserError
from export.miniature.training import (
    checkpoints,
    denoiser,
    latents,
    pipeline,
    pool,
    small_decoder,
    tokenizer,
    vae,
)
from export.miniature.training.config import Settings
from export.miniature.training.trainer import state


def words(folder: Path) -> CLIPTokenizer:
    """Return the tokenizer, training it first if need be."""
    made = folder / "tokenizer"
    if not (made / "tokenizer_config.json").exists():
        return tokenizer.train(made)
    return CLIPTokenizer.from_pretrained(made)


def autoencoder(settings: Settings, folder: Path) -> AutoencoderKL:
    """Return the finished autoencoder, its latents normalized."""
    model = vae.build(settings)
    saved = checkpoints.load(folder / "autoencoder.pt")
    if saved is None:
        raise UserError(f"There is no finished autoencoder in {folder}: run `diffuscope miniature train`.")
    model.load_state_dict(saved)
    return model.eval()


def adopt(weights: Path, folder: Path) -> None:
    """Begin a run in `folder` with the parts and the logs of a finished miniature.

    Raises:
        UserError: there is a run already, or no such weights.
    """
    if (folder / denoiser.START).exists() or (folder / "denoiser-0.pt").exists():
        raise UserError(f"There is a run in {folder} already: leave --start out to go on with it.")
    if not (weights / "model_index.json").exists():
        raise UserError(f"There is no diffusers folder {weights} to start from.")
    whole = StableDiffusionPipeline.from_pretrained(weights, torch_dtype=torch.float32)
    folder.mkdir(parents=True, exist_ok=True)
    whole.tokenizer.save_pretrained(folder / "tokenizer")
    for log in (weights / "logs").glob("*.jsonl"):
        shutil.copy(log, folder)
    checkpoints.save(folder / "autoencoder.pt", whole.vae.state_dict())
    parts = {"text": whole.text_encoder.state_dict(), "unet": whole.unet.state_dict()}
    checkpoints.save(folder / denoiser.START, parts)


def snapshot(settings: Settings, folder: Path, out: Path) -> None:
    """Write the denoiser's last checkpoint (averaged weights) as a diffusers folder, while it trains on."""
    saved = checkpoints.load(folder / "denoiser-0.pt")
    if saved is None:
        raise UserError(f"There is no checkpoint of the denoiser in {folder}.")
    names = words(folder)
    text, unet = denoiser.build_text_encoder(settings, names), denoiser.build_unet(settings)
    for module, key in ((text, "text"), (unet, "unet")):
        torch._foreach_copy_([p.data for p in module.parameters()], saved["ema"][key])
    save(settings, folder, text, unet, out)


def save(settings: Settings, folder: Path, text: torch.nn.Module, unet: torch.nn.Module, out: Path) -> None:
    """Write the diffusers folder."""
    whole = pipeline.assemble(autoencoder(settings, folder), text.cpu(), unet.cpu(), words(folder))
    pipeline.save(whole, out, sorted(folder.glob("*.jsonl")))


def run(settings: Settings, folder: Path, out: Path, *, threads: int = 1, stop_at: float = 1.0) -> None:
    """Do every stage that is not done yet; `stop_at` is the share of the denoiser's budget to end at."""
    torch.set_num_threads(threads)
    here, first = state(), state().is_main_process
    folder.mkdir(parents=True, exist_ok=True)
    if first:
        names = words(folder)
        scenes = pool.build(folder / "pool", settings.scenes, processes=os.cpu_count() or 1)
    here.wait_for_everyone()
    names, scenes = words(folder), pool.build(folder / "pool", settings.scenes)

    if not (folder / "autoencoder.pt").exists():
        model = vae.train(settings, scenes, folder, here.device).float()
        if first:
            vae.normalize(model, scenes["pictures"][: settings.vae.normalize_on])
            checkpoints.save(folder / "autoencoder.pt", model.cpu().state_dict())
        here.wait_for_everyone()

    teacher = autoencoder(settings, folder).to(here.device, memory_format=torch.channels_last)
    begun = (folder / denoiser.START).exists()  # with finished weights, whose small decoder stays
    small = None if begun else small_decoder.train(settings, teacher, folder)

    cache = folder / "latents"
    if not (cache / "complete").exists():
        if first:
            latents.create(cache, settings.scenes, settings.vae.latent_channels)
        here.wait_for_everyone()
        latents.build(cache, teacher, names, scenes, here.process_index, here.num_processes)
        here.wait_for_everyone()
        (cache / "complete").touch()

    data, items = latents.load(cache), np.array(scenes["items"])
    text, unet = denoiser.train(settings, names, data, items, folder, here.device, stop_at)
    if first:
        save(settings, folder, text, unet, out)
        if small:
            small_decoder.write(small, out)
    here.wait_for_everyone()
