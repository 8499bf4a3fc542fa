"""Make a pipeline of Stable Diffusion 1.5's shape with random weights: ``python -m tests.benchmarks.sd15.source``.

Bytes, memory and time depend on shapes alone, so random weights measure them as well as the published ones do, and
nobody has to download those. The configs are those of ``stable-diffusion-v1-5/stable-diffusion-v1-5``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

UNET: dict[str, Any] = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
    "layers_per_block": 2,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}
VAE: dict[str, Any] = {
    "sample_size": 512,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}
TEXT: dict[str, Any] = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
    "projection_dim": 768,
}
SCHEDULER: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
}
# The same blocks, narrow: to try the benchmark itself out in a minute.
TINY: dict[str, dict[str, Any]] = {
    "unet": {"sample_size": 16, "block_out_channels": (32, 64, 64, 64), "cross_attention_dim": 32},
    "vae": {"sample_size": 128, "block_out_channels": (32, 32, 32, 32)},
    "text": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4},
}
# Fresh weights hardly look at the text; louder queries and keys make the words matter.
LOUDER = 3
CARD = """---
license: mit
---
Random weights in the shape of Stable Diffusion 1.5, for measuring.
"""


def make(folder: Path, tokenizer: Path | None = None, tiny: bool = False) -> int:
    """Write the pipeline as fp16 safetensors; returns the number of weights.

    Args:
        folder: to make.
        tokenizer: holds CLIP's ``vocab.json`` and ``merges.txt``; None makes a stand-in of the same size.
        tiny: narrow layers.
    """
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    sizes = TINY if tiny else {"unet": {}, "vae": {}, "text": {}}
    words = folder / "tokenizer"
    words.mkdir(parents=True, exist_ok=True)
    if tokenizer:
        for file in ("vocab.json", "merges.txt"):
            shutil.copy(tokenizer / file, words)
    else:
        stand_in(words)
    clip = CLIPTokenizer(str(words / "vocab.json"), str(words / "merges.txt"), model_max_length=77)
    ends = {name: getattr(clip, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float16)  # made as they are saved, which takes half the memory
    unet = UNet2DConditionModel(**UNET | sizes["unet"])
    with torch.no_grad():
        for name, weight in unet.named_parameters():
            if name.endswith(("attn2.to_q.weight", "attn2.to_k.weight")):
                weight.mul_(LOUDER)
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(**VAE | sizes["vae"]),
        text_encoder=CLIPTextModel(CLIPTextConfig(**TEXT | sizes["text"] | ends)),
        tokenizer=clip,
        unet=unet,
        scheduler=PNDMScheduler(**SCHEDULER),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    (folder / "README.md").write_text(CARD, "utf-8")
    parts = (pipeline.unet, pipeline.vae, pipeline.text_encoder)
    return sum(weight.numel() for part in parts for weight in part.parameters())


def stand_in(folder: Path) -> None:
    """Write a ``vocab.json`` and ``merges.txt`` in CLIP's format and of its size, whose merges mean nothing."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    endings = [letter + "</w>" for letter in letters]
    count = TEXT["vocab_size"] - len(letters) - len(endings) - 2
    merges = list(itertools.islice(itertools.product(letters, endings), count))
    pieces = [*letters, *endings, *(first + last for first, last in merges)]
    vocab = {piece: index for index, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), "utf-8")
    lines = ["#version: 0.2", *(f"{first} {last}" for first, last in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    print(json.dumps({"parameters": make(options.folder, options.tokenizer, options.tiny)}))
