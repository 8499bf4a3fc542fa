"""The small decoder, which draws the steps before the last: an AutoencoderTiny taught by the autoencoder's decoder.

TAESD (https://github.com/madebyollin/taesd) is the same for Stable Diffusion. Only its decoder is trained: nothing
runs its encoder, which is as small as diffusers allows.
"""

from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from torch import Generator, Tensor
from torch.nn import functional

from export.miniature.scenes.grammar import scene
from export.miniature.scenes.scenes import draw
from export.miniature.training.config import Settings, SmallDecoderSettings
from export.miniature.training.pipeline import PREVIEW
from export.miniature.training.trainer import Trainer, state
from export.miniature.training.vae import FRESH, open_trained, psnr, to_tensor

LESSONS = FRESH + 3_000_000  # first seed of the scenes that it learns from
BATCH = 25  # pictures at a time through the autoencoder


def build(settings: Settings) -> AutoencoderTiny:
    """Return an untrained one that takes the autoencoder's latents; all its layers are equally wide."""
    options, depth = settings.small_decoder, len(settings.vae.channels)
    return AutoencoderTiny(
        latent_channels=settings.vae.latent_channels,
        encoder_block_out_channels=(settings.vae.latent_channels,) * depth,
        num_encoder_blocks=(1,) * depth,
        decoder_block_out_channels=(options.channels,) * depth,
        num_decoder_blocks=options.blocks,
    )


@torch.no_grad()
def encode(vae: AutoencoderKL, first: int, count: int) -> Tensor:
    """Return the latents [count, C, 16, 16] of drawn scenes."""
    latents = []
    for start in range(first, first + count, BATCH):
        seeds = range(start, min(start + BATCH, first + count))
        x = to_tensor(np.stack([draw(scene(seed)).pixels for seed in seeds]), vae.device)
        latents.append(vae.encode(x).latent_dist.mode())
    return torch.cat(latents)


def foresee(latents: Tensor, noise: float, generator: Generator) -> Tensor:
    """Make of latents [B, C, h, w], each of deviation 1, such as a denoiser foresees on its way.

    What it foresees is a mean of the pictures that are still possible: a share of another one's latent comes in,
    and details go. Guidance carries that past the mark: the miniature's first foreseen latents have a deviation
    of 1.6. On top comes up to `noise`.
    """
    share = torch.rand(5, len(latents), 1, 1, 1, generator=generator).to(latents.device)
    others = latents[torch.randperm(len(latents), generator=generator)]
    mixed = latents + 0.5 * share[0] * (others - latents)
    soft = functional.avg_pool2d(mixed, 3, 1, 1, count_include_pad=False)
    mixed = mixed + share[1] * (share[2] < 0.5) * (soft - mixed)
    mixed = mixed * (1 + 1.2 * share[4])
    return mixed + noise * share[3] * torch.randn(mixed.shape, generator=generator).to(latents.device)


@torch.no_grad()
def decode(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Return the full decoder's pictures [B, 3, 128, 128], clamped to -1 to 1."""
    return torch.cat([vae.decode(part).sample.clamp(-1, 1) for part in latents.split(BATCH)])


def prepare(options: SmallDecoderSettings, vae: AutoencoderKL, generator: Generator) -> tuple[Tensor, Tensor]:
    """Return latents, every second one as a denoiser foresees it, and their pictures in half precision."""
    latents = encode(vae, LESSONS, options.scenes)
    latents[1::2] = foresee(latents[1::2], options.noise, generator)
    return latents, torch.cat([decode(vae, part).half() for part in latents.split(BATCH)])


@torch.no_grad()
def quality(small: AutoencoderTiny, latents: Tensor, pictures: Tensor) -> float:
    """Return the PSNR in dB to the full decoder's pictures of the same latents."""
    drawn = [small.decode(part).sample for part in latents.split(BATCH)]
    return psnr(pictures.float(), torch.cat(drawn))


def train(settings: Settings, vae: AutoencoderKL, folder: Path) -> AutoencoderTiny:
    """Train a small decoder to the end of its budget, or go on from its checkpoint in `folder`."""
    torch.manual_seed(settings.seed)
    options, device = settings.small_decoder, state().device
    small = build(settings).to(device, memory_format=torch.channels_last)
    trainer = Trainer.of("small_decoder", {"decoder": small.decoder}, settings, options, folder)
    if trainer.progress < 1:
        latents, pictures = prepare(options, vae, Generator().manual_seed(settings.seed))
        fresh = encode(vae, FRESH, BATCH)
        answers = decode(vae, fresh)

    def step(progress: float, generator: Generator) -> tuple[Tensor, int, dict[str, float]]:
        picks = torch.randint(len(latents), (options.batch,), generator=generator)
        drawn = small.decode(latents[picks]).sample  # in float32: many processors are slow with bfloat16
        truth = pictures[picks].float()
        error = functional.l1_loss(drawn, truth) + 2 * functional.mse_loss(drawn, truth)
        return error, options.batch, {"error": error.item()}

    trainer.run(step, lambda: {"psnr": quality(small, fresh, answers)})
    trainer.use_ema()
    return small.cpu().eval()


def write(small: AutoencoderTiny, weights: Path) -> None:
    """Write it in fp16 into a diffusers folder."""
    torch.nn.Module.to(deepcopy(small), torch.float16).save_pretrained(weights / PREVIEW)


def run(settings: Settings, weights: Path, folder: Path, count: int, threads: int = 1) -> dict[str, float]:
    """Train a small decoder for the pipeline in `weights`, write it there and return what was measured.

    Args:
        settings: of the run.
        weights: a diffusers folder; only its autoencoder is used.
        folder: for the checkpoint and the log; a run there goes on, and one that is done is only measured.
        count: fresh scenes to measure on.
        threads: of torch.

    Returns:
        PSNR in dB to the full decoder: on latents of `scenes`, and on those that look `foreseen`.

    Raises:
        UserError: `weights` holds no autoencoder.
    """
    vae = open_trained(weights)
    torch.set_num_threads(threads)
    folder.mkdir(parents=True, exist_ok=True)
    small = train(settings, vae, folder)
    write(small, weights)
    scenes = encode(vae.cpu(), FRESH, count)
    foreseen = foresee(scenes, settings.small_decoder.noise, Generator().manual_seed(0))
    kinds = {"scenes": scenes, "foreseen": foreseen}
    return {kind: quality(small, latents, decode(vae, latents)) for kind, latents in kinds.items()}
