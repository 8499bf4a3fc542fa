"""The autoencoder: 128×128 pictures to 16×16 latents of 4 channels and back, as in Stable Diffusion."""

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Generator, Tensor
from torch.nn import functional

from export.format.errors import UserError
from export.miniature.scenes.grammar import scene
from export.miniature.scenes.scenes import draw
from export.miniature.training.config import Settings
from export.miniature.training.mixed import mixed
from export.miniature.training.trainer import Trainer, state

FRESH = 10_000_000  # first seed of the scenes that no training sees


def build(settings: Settings) -> AutoencoderKL:
    """Return an untrained autoencoder; f = 8, so one latent cell is 8×8 pixels."""
    depth = len(settings.vae.channels)
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=settings.vae.latent_channels,
        block_out_channels=settings.vae.channels,
        down_block_types=("DownEncoderBlock2D",) * depth,
        up_block_types=("UpDecoderBlock2D",) * depth,
        layers_per_block=1,
        norm_num_groups=settings.vae.norm_groups,
        mid_block_add_attention=False,
        sample_size=settings.side,
        scaling_factor=1.0,
    )


def to_tensor(pictures: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """Turn uint8 [B, H, W, 3] into float [B, 3, H, W] in -1 to 1, channels last."""
    x = torch.from_numpy(np.array(pictures)).to(device).permute(0, 3, 1, 2)
    return x.float().div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


def to_pixels(x: Tensor) -> np.ndarray:
    """Turn [B, 3, H, W] in -1 to 1 into uint8 [B, H, W, 3]."""
    return x.float().add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()


def crops(pool: dict[str, np.ndarray], count: int, side: int, generator: Generator) -> np.ndarray:
    """Cut squares uint8 [count, side, side, 3] around objects, one in eight anywhere."""
    total, full = len(pool["pictures"]), pool["pictures"].shape[1]
    picks = torch.randint(total, (count,), generator=generator).numpy()
    if side == full:
        return pool["pictures"][np.sort(picks)]
    spot = torch.rand(count, 3, generator=generator).numpy()
    boxes = pool["boxes"][picks].astype(float)  # [count, 4]
    boxes[spot[:, 2] < 1 / 8] = (0, 0, full, full)
    centres = boxes[:, :2] + spot[:, :2] * (boxes[:, 2:] - boxes[:, :2])
    corners = np.clip((centres - side / 2).round().astype(int), 0, full - side)
    return np.stack(
        [pool["pictures"][i, y : y + side, x : x + side] for i, (x, y) in zip(picks, corners, strict=True)]
    )


def reconstruction(x: Tensor, y: Tensor) -> Tensor:
    """Measure the error of `y` [B, 3, H, W]: pixels, edges at three scales, colours of larger patches."""
    loss = functional.l1_loss(y, x) + 2 * functional.mse_loss(y, x)
    for scale in (1, 2, 4):
        a, b = (functional.avg_pool2d(x, scale), functional.avg_pool2d(y, scale)) if scale > 1 else (x, y)
        loss = (
            loss
            + 0.5 * functional.l1_loss(b.diff(dim=-1), a.diff(dim=-1))
            + 0.5 * functional.l1_loss(b.diff(dim=-2), a.diff(dim=-2))
        )
    for scale in (4, 8):
        a, b = functional.avg_pool2d(x, scale), functional.avg_pool2d(y, scale)
        loss = loss + 0.5 * functional.l1_loss(b, a) + functional.mse_loss(b, a)
    return loss


def psnr(x: Tensor, y: Tensor) -> float:
    """Return the mean peak signal-to-noise ratio in dB of pictures [B, 3, H, W] in -1 to 1."""
    error = (x.clamp(-1, 1) - y.clamp(-1, 1)).square().mean((1, 2, 3))
    return float((10 * torch.log10(4 / error)).mean())


def ssim(x: Tensor, y: Tensor) -> float:
    """Return the mean structural similarity (Wang et al. 2004) of pictures [B, 3, H, W] in -1 to 1.

    With the paper's window, a Gaussian of deviation 1.5 over 11×11 pixels, wherever it fits in whole.
    """
    window = torch.exp(-torch.linspace(-5, 5, 11).square() / (2 * 1.5**2)).to(x)
    window = torch.outer(window, window) / window.sum() ** 2

    def blur(picture: Tensor) -> Tensor:
        return functional.conv2d(picture.flatten(0, 1)[:, None], window[None, None])

    x, y = ((picture.clamp(-1, 1) + 1) / 2 for picture in (x, y))
    mean_x, mean_y = blur(x), blur(y)
    variance_x, variance_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + 0.01**2) / (mean_x**2 + mean_y**2 + 0.01**2)
    structure = (2 * covariance + 0.03**2) / (variance_x + variance_y + 0.03**2)
    return float((luminance * structure).mean())


@torch.no_grad()
def fresh_quality(vae: AutoencoderKL, count: int = 64) -> dict[str, float]:
    """Return `psnr` (dB) and `ssim` (0 to 1) on scenes that no training sees."""
    x = to_tensor(np.stack([draw(scene(FRESH + i)).pixels for i in range(count)]), vae.device)
    y = torch.cat([vae.decode(vae.encode(part).latent_dist.mode()).sample for part in x.split(16)])
    return {"psnr": psnr(x, y), "ssim": ssim(x, y)}


def open_trained(weights: Path) -> AutoencoderKL:
    """Return the autoencoder of a diffusers folder, to be used and not trained further.

    Raises:
        UserError: `weights` holds none.
    """
    if not (weights / "vae" / "config.json").is_file():
        raise UserError(f"{weights} holds no autoencoder: train one with `diffuscope miniature train`.")
    vae = AutoencoderKL.from_pretrained(weights / "vae", torch_dtype=torch.float32)
    return vae.to(state().device).eval()


def train(
    settings: Settings, pool: dict[str, np.ndarray], folder: Path, device: torch.device
) -> AutoencoderKL:
    """Train the autoencoder to the end of its budget and return it with averaged weights."""
    torch.manual_seed(settings.seed)
    vae = build(settings).to(device, memory_format=torch.channels_last)
    options = settings.vae
    trainer = Trainer.of("vae", {"vae": vae}, settings, options, folder, options.average_every)

    def step(progress: float, generator: Generator) -> tuple[Tensor, int, dict[str, float]]:
        full = progress >= options.full_from
        side = settings.side if full else options.crop
        batch = max(1, options.batch * options.crop**2 // side**2)
        x = to_tensor(crops(pool, batch, side, generator), device)
        with mixed(device):
            posterior = vae.encode(x).latent_dist
            noise = torch.randn(posterior.mean.shape, generator=generator).to(device)
            y = vae.decode(posterior.mean + posterior.std * noise).sample
        error = reconstruction(x, y.float())
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        return error + options.kl * kl, batch, {"error": error.item(), "kl": kl.item()}

    trainer.run(step, lambda: fresh_quality(vae))
    trainer.use_ema()
    return vae


@torch.no_grad()
def normalize(vae: AutoencoderKL, pictures: np.ndarray) -> None:
    """Fold (z - mean) / deviation of each latent channel into the 1×1 convolutions around the latent.

    Afterwards latents have mean 0 and deviation 1, and `scaling_factor` is 1. `quant_conv` gives means
    [C] and log variances [C]; a log variance is shifted by -2 log(deviation).
    """
    z = torch.cat(
        [
            vae.encode(to_tensor(part, vae.device)).latent_dist.mode()
            for part in np.array_split(pictures, max(1, len(pictures) // 32))
        ]
    )
    mean, deviation = z.mean((0, 2, 3)), z.std((0, 2, 3))
    channels = len(mean)
    before, after = vae.quant_conv, vae.post_quant_conv
    before.weight[:channels] /= deviation[:, None, None, None]
    before.bias[:channels] = (before.bias[:channels] - mean) / deviation
    before.bias[channels:] -= 2 * deviation.log()
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight *= deviation[None, :, None, None]
