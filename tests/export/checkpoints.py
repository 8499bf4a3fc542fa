"""Small checkpoints with random weights, each of exactly the structure of a real one; only the widths are small.

Block types, the number of layers, the heads, the linear projections, the padding token and the scheduler's file
are those of the repositories on the Hugging Face hub that the architecture table names. Latents are [4, 16, 16],
pictures 128×128, the text 77×32.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, StableDiffusionPipeline, UNet2DConditionModel
from diffusers import schedulers as diffusers_schedulers
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from tests.export import ldm_names

SIDE = 16
WIDTH = 32

NOISE = {
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "trained_betas": None,
}
PNDM = {"_class_name": "PNDMScheduler", **NOISE, "skip_prk_steps": True}
DDIM_V = {"_class_name": "DDIMScheduler", **NOISE, "skip_prk_steps": True, "prediction_type": "v_prediction"}
TURBO = {
    "_class_name": "EulerDiscreteScheduler",
    **NOISE,
    "interpolation_type": "linear",
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "skip_prk_steps": True,
    "timestep_spacing": "trailing",
    "use_karras_sigmas": False,
}
LCM = {
    "_class_name": "LCMScheduler",
    **NOISE,
    "original_inference_steps": 50,
    "prediction_type": "epsilon",
    "rescale_betas_zero_snr": False,
    "set_alpha_to_one": True,
    "thresholding": False,
    "timestep_scaling": 10.0,
    "timestep_spacing": "leading",
}
DPM = {
    "_class_name": "DPMSolverMultistepScheduler",
    **{name: value for name, value in NOISE.items() if name not in {"clip_sample", "set_alpha_to_one"}},
    "algorithm_type": "dpmsolver++",
    "lower_order_final": True,
    "prediction_type": "epsilon",
    "solver_order": 2,
    "solver_type": "midpoint",
    "thresholding": False,
}
MINIATURE = {
    "_class_name": "DDIMScheduler",
    **NOISE,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "set_alpha_to_one": True,
    "timestep_spacing": "trailing",
}

SD1_UNET = {
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    "block_out_channels": (16, 32, 64, 64),
    "layers_per_block": 2,
    "attention_head_dim": 8,  # diffusers' name for the number of heads
}
SD2_UNET = {**SD1_UNET, "use_linear_projection": True, "attention_head_dim": (1, 2, 4, 4)}
BK_UNET = {**SD1_UNET, "layers_per_block": 1}
BK_TINY_UNET = {
    "down_block_types": ("CrossAttnDownBlock2D",) * 3,
    "mid_block_type": None,
    "up_block_types": ("CrossAttnUpBlock2D",) * 3,
    "block_out_channels": (16, 32, 64),
    "layers_per_block": 1,
    "attention_head_dim": 8,
}
MINIATURE_UNET = {
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    "block_out_channels": (16, 32, 64),
    "layers_per_block": 1,
    "attention_head_dim": (2, 4, 8),
}


@dataclass(frozen=True)
class Recipe:
    """What sets a checkpoint apart; ``sd2_text`` means GELU and padding with ``!``, of id 0."""

    unet: dict[str, Any]
    scheduler: dict[str, Any]
    sd2_text: bool = False
    index: dict[str, Any] = field(default_factory=dict)
    licence: str = "creativeml-openrail-m"


RECIPES = {
    "sd1": Recipe(SD1_UNET, PNDM),
    "sd1-v": Recipe(MINIATURE_UNET, MINIATURE, licence="mit"),
    "sd2": Recipe(SD2_UNET, PNDM | {"prediction_type": "epsilon"}, True, licence="openrail++"),
    "sd2-v": Recipe(SD2_UNET | {"upcast_attention": True}, DDIM_V, True, licence="openrail++"),
    "sd-turbo": Recipe(SD2_UNET, TURBO, True, licence="other\nlicense_name: sai-nc-community"),
    "lcm": Recipe(
        SD1_UNET | {"time_cond_proj_dim": 256},
        LCM,
        index={"_class_name": "LatentConsistencyModelPipeline"},
        licence="mit",
    ),
    "bk-sdm-base": Recipe(BK_UNET, PNDM),
    "bk-sdm-small": Recipe(BK_UNET | {"mid_block_type": None}, PNDM),
    "bk-sdm-tiny": Recipe(BK_TINY_UNET, PNDM),
    "tiny-sd": Recipe(BK_TINY_UNET, DPM),
}


def save_checkpoint(folder: Path, row: str, vocabulary: Path) -> Path:
    """Write the diffusers folder of an architecture's row; ``vocabulary`` holds vocab.json and merges.txt."""
    recipe = RECIPES[row]
    words = CLIPTokenizer(
        str(vocabulary / "vocab.json"),
        str(vocabulary / "merges.txt"),
        model_max_length=77,
        **({"pad_token": "!"} if recipe.sd2_text else {}),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        pipeline = StableDiffusionPipeline(
            unet=_unet(recipe),
            vae=_vae(),
            text_encoder=_text_encoder(words, recipe),
            tokenizer=words,
            scheduler=getattr(diffusers_schedulers, recipe.scheduler["_class_name"]).from_config(
                recipe.scheduler
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipeline.save_pretrained(folder)
    # As in the real repositories: what a class has by default is left out.
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(recipe.scheduler, indent=2))
    edit(folder / "model_index.json", **recipe.index)
    (folder / "README.md").write_text(f"---\nlicense: {recipe.licence}\n---\n# A small {row}\n")
    return folder


def _unet(recipe: Recipe) -> UNet2DConditionModel:
    unet = UNet2DConditionModel(sample_size=SIDE, cross_attention_dim=WIDTH, norm_num_groups=8, **recipe.unet)
    # Fresh weights hardly look at the text; louder cross-attention makes guidance and words matter.
    with torch.no_grad():
        for name, weight in unet.named_parameters():
            if ".attn2." in name and name.endswith("weight"):
                weight.mul_(3)
    return unet


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=2,
        norm_num_groups=8,
        latent_channels=4,
        sample_size=SIDE * 8,
    )


def _text_encoder(words: CLIPTokenizer, recipe: Recipe) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=77,
            hidden_act="gelu" if recipe.sd2_text else "quick_gelu",
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )


def edit(path: Path, **changes: Any) -> None:
    """Change fields of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes, indent=2))


def save_single_file(folder: Path, out: Path) -> Path:
    """Write the pipeline in ``folder`` (of row "sd1" or "sd2") as one file with the original code's names (LDM)."""
    weights = {}
    for name, value in _weights(folder / "unet").items():
        weights["model.diffusion_model." + ldm_names.unet_name(name)] = value
    for name, value in _weights(folder / "vae").items():
        new = ldm_names.vae_name(name)
        # The autoencoder's attention was made of 1×1 convolutions.
        one_by_one = ".attn_1." in new and value.ndim == 2
        weights["first_stage_model." + new] = value[:, :, None, None].contiguous() if one_by_one else value
    text = _weights(folder / "text_encoder")
    if (
        json.loads((folder / "text_encoder" / "config.json").read_text())["hidden_act"] == "gelu"
    ):  # OpenCLIP's
        weights |= {
            f"cond_stage_model.model.{name}": value for name, value in ldm_names.open_clip(text).items()
        }
    else:
        weights |= {f"cond_stage_model.transformer.{name}": value for name, value in text.items()}
    save_file(weights, out)
    return out


def _weights(part: Path) -> dict[str, torch.Tensor]:
    return load_file(next(part.glob("*.safetensors")))


# A LoRA of rank 2 over one layer of each kind: linear, convolution of 1×1 and 3×3, text encoder.
LORA_LAYERS = {
    "unet": (
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
        "up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0",
        "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj",
        "down_blocks.1.attentions.1.proj_in",
        "down_blocks.0.resnets.0.conv1",
    ),
    "text_encoder": (
        "text_model.encoder.layers.0.self_attn.q_proj",
        "text_model.encoder.layers.0.self_attn.out_proj",
        "text_model.encoder.layers.1.mlp.fc1",
    ),
}
RANK, ALPHA = 2, 1.0


def save_lora(folder: Path, out: Path, naming: str = "diffusers") -> Path:
    """Write a LoRA for the pipeline in ``folder``, named as ``diffusers`` (PEFT, no alpha) or ``kohya`` do."""
    generator = torch.Generator().manual_seed(1)
    weights: dict[str, torch.Tensor] = {}
    for part, layers in LORA_LAYERS.items():
        found = _weights(folder / part)
        for layer in layers:
            shape = found[f"{layer}.weight"].shape
            down = torch.randn(RANK, *shape[1:], generator=generator) * 0.2
            up = torch.randn(shape[0], RANK, *(1,) * (len(shape) - 2), generator=generator) * 0.2
            if naming == "kohya":
                prefix = {"unet": "lora_unet_", "text_encoder": "lora_te_"}[part]
                name = prefix + layer.replace(".", "_")
                weights |= {
                    f"{name}.lora_down.weight": down,
                    f"{name}.lora_up.weight": up,
                    f"{name}.alpha": torch.tensor(ALPHA),
                }
            else:
                weights |= {f"{part}.{layer}.lora_A.weight": down, f"{part}.{layer}.lora_B.weight": up}
    save_file(weights, out)
    return out


def save_embedding(out: Path, word: str = "<cat-toy>", vectors: int = 2) -> Path:
    """Write a learned embedding (textual inversion) of one or several vectors, as diffusers saves it."""
    values = torch.randn(vectors, WIDTH, generator=torch.Generator().manual_seed(2))
    save_file({word: values if vectors > 1 else values[0]}, out)
    return out


def save_preview_decoder(folder: Path, latent_channels: int = 4) -> Path:
    """Write a small AutoencoderTiny, of TAESD's structure."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        AutoencoderTiny(
            encoder_block_out_channels=(8,) * 4,
            decoder_block_out_channels=(8,) * 4,
            latent_channels=latent_channels,
        ).save_pretrained(folder)
    return folder
