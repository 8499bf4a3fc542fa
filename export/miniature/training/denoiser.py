"""Text encoder and UNet: what they are made of, and how they learn to take noise away."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Generator, Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from export.miniature.scenes.grammar import KINDS
from export.miniature.training import checkpoints
from export.miniature.training.attention import mass_inside, neglect, record
from export.miniature.training.config import DenoiserSettings, Settings
from export.miniature.training.latents import COLOURS, OBJECTS, PARAPHRASES, tokenize
from export.miniature.training.mixed import mixed
from export.miniature.training.roles import ROLES
from export.miniature.training.slots import Doubt, Doubts, doubted
from export.miniature.training.tokenizer import SLOTS
from export.miniature.training.trainer import Trainer

STEPS = 1000
START = "start.pt"  # in a run's folder: text encoder and UNet that it begins with
UNPLACED = torch.tensor(
    [ROLES.index("count"), ROLES.index("time")]
)  # may look anywhere in what they speak of


def scheduler() -> DDIMScheduler:
    """Return Stable Diffusion's noise schedule, ending in pure noise (Lin et al. 2023, arXiv:2305.08891)."""
    return DDIMScheduler(
        num_train_timesteps=STEPS,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
    )


def build_text_encoder(settings: Settings, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return an untrained CLIP text encoder."""
    width = settings.denoiser.text_width
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=4 * width,
            projection_dim=width,
            num_hidden_layers=settings.denoiser.text_layers,
            num_attention_heads=max(1, width // 32),
            max_position_embeddings=SLOTS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            attn_implementation="eager",
        )
    )


def build_unet(settings: Settings) -> UNet2DConditionModel:
    """Return an untrained UNet: cross-attention at sides 16 and 8, and in the middle at side 4."""
    channels = settings.denoiser.channels
    return UNet2DConditionModel(
        sample_size=settings.side // 8,
        in_channels=settings.vae.latent_channels,
        out_channels=settings.vae.latent_channels,
        block_out_channels=channels,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=settings.denoiser.text_width,
        attention_head_dim=tuple(max(1, width // 32) for width in channels),  # diffusers means heads
        norm_num_groups=settings.denoiser.norm_groups,
    )


class Batch(NamedTuple):
    """Samples on the device; `masks` are of item 0, item 1 and the place."""

    z: Tensor  # [B, C, 16, 16]
    ids: Tensor  # [B, 77]
    doubt: Doubt
    roles: Tensor  # [B, 77]
    regions: Tensor  # [B, 77]
    masks: Tensor  # [B, 3, 16, 16] in 0 to 1
    classes: Tensor  # [B, 2, 16, 16] object and colour of each cell, 0 = none


class Sampler:
    """Draws batches from the cached latents, which it keeps on the device.

    Easy scenes (one object) come more often at first, then pairs, the hardest; paraphrases at the end.
    """

    def __init__(
        self,
        data: dict[str, np.ndarray],
        items: np.ndarray,
        tokenizer: CLIPTokenizer,
        settings: DenoiserSettings,
        device: torch.device,
    ) -> None:
        """Take the arrays of `latents` and the pool's `items`."""
        self.empty, self.bare, _ = (torch.tensor(each) for each in tokenize([], tokenizer))
        self.doubts = Doubts(tokenizer, settings.shuffled, settings.swapped)
        self.data = {name: torch.from_numpy(array).to(device) for name, array in data.items()}
        self.items, self.settings, self.device = torch.from_numpy(items).to(device), settings, device
        self.single, self.pairs = (
            torch.from_numpy(np.nonzero(data["kinds"] == KINDS.index(kind))[0]) for kind in ("single", "pair")
        )

    def draw(self, count: int, progress: float, generator: Generator) -> Batch:
        """Return a batch; one caption in ten is empty."""
        spot = torch.rand(4, count, generator=generator)
        easy = spot[0] < 0.7 * max(0.0, 1 - progress / self.settings.easy_until)
        hard = (1 - spot[0] < self.settings.pairs) & (progress >= self.settings.easy_until)
        picks = (spot[1] * len(self.items)).long()
        for chosen, kind in ((easy, self.single), (hard, self.pairs)):
            picks = torch.where(chosen, kind[(spot[1] * len(kind)).long()], picks)
        picks = picks.to(self.device)
        loose = self.settings.loose if progress >= self.settings.loose_from else 0.0
        way = (1 + spot[2] / max(loose, 1e-9) * PARAPHRASES).long().where(spot[2] < loose, 0).to(self.device)
        dropped = (spot[3] < 0.1).to(self.device)[:, None]
        ids = self.data["ids"][picks, way].long().where(~dropped, self.empty.to(self.device))
        roles = self.data["roles"][picks, way].long().where(~dropped, self.bare.to(self.device))
        doubt = Doubt(*(x.to(self.device) for x in self.doubts.draw(ids.cpu(), roles.cpu(), generator)))
        regions = self.data["regions"][picks, way].long().masked_fill(dropped, 0)
        mean, logvar = self.data["moments"][picks].float().chunk(2, 1)
        noise = torch.randn(mean.shape, generator=generator).to(self.device)
        z = mean + (0.5 * logvar.clamp(-30, 20)).exp() * noise
        items = self.items[picks].float() / 255  # [B, 2, 16, 16]
        masks = torch.cat([items, 1 - items.sum(1, keepdim=True).clamp(max=1)], 1)
        kinds = self.data["classes"][picks].long()  # [B, item, object or colour]
        classes = (kinds[..., None, None] * (items > 0.5)[:, :, None]).amax(1)
        return Batch(z, ids, doubt, roles, regions, masks, classes)


class Objective(nn.Module):
    """The whole training step: text, noise, UNet, and the four losses.

    The heads see the UNet's last 8-to-16 features and name each cell's object and colour; like the lessons of
    the attention (each word looks at what it names, each cell at the words that name it) they exist in training
    only.
    """

    def __init__(self, text: CLIPTextModel, unet: UNet2DConditionModel, settings: DenoiserSettings) -> None:
        """Hook into the UNet's second up block."""
        super().__init__()
        self.text, self.unet, self.settings = text, unet, settings
        self.maps = record(unet)
        width = unet.config.block_out_channels[1]
        self.head = nn.Conv2d(width, len(OBJECTS) + len(COLOURS), 1)
        self.features: list[Tensor] = []
        unet.up_blocks[1].register_forward_hook(lambda *event: self.features.append(event[2]))
        self.alphas: Tensor
        self.register_buffer("alphas", scheduler().alphas_cumprod.clone(), persistent=False)

    def forward(self, batch: Batch, t: Tensor, noise: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and its parts for timesteps `t` [B] and `noise` [B, C, 16, 16]."""
        self.maps.clear()
        self.features.clear()
        alpha = self.alphas[t][:, None, None, None]
        noisy = alpha.sqrt() * batch.z + (1 - alpha).sqrt() * noise
        target = alpha.sqrt() * noise - (1 - alpha).sqrt() * batch.z
        with mixed(batch.z.device):
            words = self.text(batch.ids).last_hidden_state
            doubtful = not torch.equal(batch.ids, batch.doubt.ids)  # else one encoding serves both
            others = self.text(batch.doubt.ids).last_hidden_state if doubtful else words
            words = doubted(words, others, batch.doubt)
            v = self.unet(noisy.contiguous(memory_format=torch.channels_last), t, words).sample
            seen = self.head(self.features[0])
        error = (v.float() - target).square().mean(1)  # [B, 16, 16]
        inside = 1 - batch.masks[:, 2]
        snr = self.alphas[t] / (1 - self.alphas[t])
        weight = (snr.clamp(max=5) / (snr + 1)).clamp(min=0.6)  # min-SNR (Hang et al. 2023) with a floor
        loss = (weight[:, None, None] * error * (1 + 4 * inside)).mean()

        objects, colours = seen.float().split([len(OBJECTS), len(COLOURS)], 1)
        named = functional.cross_entropy(objects, batch.classes[:, 0], reduction="none")
        named = named + 0.5 * functional.cross_entropy(colours, batch.classes[:, 1], reduction="none")
        named = named.mean()  # in pure noise too, where only the caption can say what stands on which side

        placed = batch.regions.masked_fill(torch.isin(batch.roles, UNPLACED.to(batch.roles.device)), 0)
        looks, cells = [], []
        for maps in self.maps.values():
            mean = torch.stack(maps).float().mean(0)
            mass, told = mass_inside(mean, batch.masks, placed)
            told = told * (t < 800)[:, None]
            looks.append((-(mass + 1e-4).log() * told).sum() / told.sum().clamp(min=1))
            lost, told = neglect(mean, batch.masks, batch.regions)
            told = told * (t < 900)[:, None]
            cells.append((lost * told).sum() / told.sum().clamp(min=1))
        look, cell = torch.stack(looks).mean(), torch.stack(cells).mean()
        options = self.settings
        total = loss + options.naming * named + options.looking * look + options.heeding * cell
        object_error = (error * inside).sum() / inside.sum()
        numbers = {
            "loss": loss,
            "object_v_mse": object_error,
            "naming": named,
            "looking": look,
            "heeding": cell,
        }
        return total, {key: value.item() for key, value in numbers.items()}


def stratified(count: int, generator: Generator) -> Tensor:
    """Return `count` timesteps, one from each equal stretch of 0 to 999, in random order."""
    spread = torch.randperm(count, generator=generator) + torch.rand(count, generator=generator)
    return (spread * STEPS / count).long().clamp(max=STEPS - 1)


def prepare(
    settings: Settings, tokenizer: CLIPTokenizer, folder: Path, device: torch.device
) -> tuple[Objective, Trainer]:
    """Build the models and their trainer, going on from a checkpoint or a start in `folder` if there is one."""
    torch.manual_seed(settings.seed)
    options = settings.denoiser
    text = build_text_encoder(settings, tokenizer).to(device)
    unet = build_unet(settings).to(device, memory_format=torch.channels_last)
    if start := checkpoints.load(folder / START):
        text.load_state_dict(start["text"])
        unet.load_state_dict(start["unet"])
    objective = Objective(text, unet, options).to(device)
    modules = {"text": text, "unet": unet, "head": objective.head}
    return objective, Trainer.of("denoiser", modules, settings, options, folder, options.average_every)


def train(
    settings: Settings,
    tokenizer: CLIPTokenizer,
    data: dict[str, np.ndarray],
    items: np.ndarray,
    folder: Path,
    device: torch.device,
    stop_at: float = 1.0,
) -> tuple[CLIPTextModel, UNet2DConditionModel]:
    """Train text encoder and UNet and return them with averaged weights."""
    objective, trainer = prepare(settings, tokenizer, folder, device)
    sampler, batch = Sampler(data, items, tokenizer, settings.denoiser, device), settings.denoiser.batch

    def step(progress: float, generator: Generator) -> tuple[Tensor, int, dict[str, float]]:
        samples = sampler.draw(batch, progress, generator)
        noise = torch.randn(samples.z.shape, generator=generator).to(device)
        loss, numbers = objective(samples, stratified(batch, generator).to(device), noise)
        return loss, batch, numbers

    trainer.run(step, stop_at=stop_at)
    trainer.use_ema()
    return objective.text, objective.unet
