"""What several rooms' tests share: a small Stable Diffusion pipeline with random weights."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path

import pytest
from filelock import FileLock

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several processes share the cores, so each computes on one: threads would only wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.pop("COLUMNS", None)  # rich would keep the width that it meets first
    from export.native.runtime import NativeRuntime

    NativeRuntime.__init__ = partialmethod(NativeRuntime.__init__, threads=1)

Once = Callable[[str, Callable[[Path], object]], Path]

# The caption language of the tiny tokenizer: some words become one piece, all others fall apart into several.
CAPTIONS = [
    "a red car on the beach at sunset",
    "a yellow boat on the sea at night",
    "two white cats in the forest at noon",
    "a blue house in the mountains in the morning",
    "three balloons over the city at sunset",
]


def train_tiny_tokenizer(folder: Path) -> Path:
    """Train a CLIP-format BPE on a few captions and save it as vocab.json and merges.txt.

    As in CLIP's own vocabulary, all 256 byte letters stand there twice (inside a word and at its end), so
    that no text is ever unknown.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

    model = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    model.normalizer = normalizers.Lowercase()
    pieces = Regex(r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+")
    model.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pieces, behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    # Long enough to learn several words whole, short enough to leave others in pieces.
    trainer = trainers.BpeTrainer(
        vocab_size=360, initial_alphabet=letters, end_of_word_suffix="</w>", show_progress=False
    )
    model.train_from_iterator(CAPTIONS, trainer)
    merges = [tuple(pair) for pair in json.loads(model.to_str())["model"]["merges"]]
    vocab: dict[str, int] = {}
    for piece in (
        *letters,
        *(letter + "</w>" for letter in letters),
        *(left + right for left, right in merges),
        "<|startoftext|>",
        "<|endoftext|>",
    ):
        vocab.setdefault(piece, len(vocab))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), "utf-8")
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Make a folder once in a run of the tests, whichever process asks first: ``once(name, make)`` returns it.

    ``make`` is told which folder to make; nobody may change what is in it afterwards.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, making = shared / name, shared / "making" / name
        making.parent.mkdir(exist_ok=True)
        with FileLock(shared / f"{name}.lock"):
            if not folder.exists():
                make(making)
                making.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def tiny_tokenizer(once: Once) -> Path:
    """Folder with the vocab.json and merges.txt of a small CLIP-format BPE."""
    return once("tiny-tokenizer", train_tiny_tokenizer)


@pytest.fixture(scope="session")
def tiny_checkpoint(once: Once, tiny_tokenizer: Path) -> Callable[[str], Path]:
    """Make (once for each row) a diffusers folder of a row of the architecture table, with random weights.

    ``tiny_checkpoint("sd-turbo")`` returns the folder; see ``tests/export/checkpoints.py``.
    """

    def made(row: str) -> Path:
        from tests.export.checkpoints import save_checkpoint

        return once(row, lambda folder: save_checkpoint(folder, row, tiny_tokenizer))

    return made


@pytest.fixture(scope="session")
def tiny_pipeline(once: Once, tiny_tokenizer: Path) -> Callable[..., Path]:
    """Make (once for each choice) a diffusers folder of Stable Diffusion's shape with random weights.

    ``tiny_pipeline(prediction_type="epsilon", **scheduler)`` returns the folder. Latents are [4, 8, 8],
    pictures 64×64 (f = 8), the text 77×32; cross-attention sits at sides 8 and 4. ``scheduler`` are further
    fields of the saved DDIM scheduler, for instance ``rescale_betas_zero_snr=True``.
    """

    def made(prediction_type: str = "epsilon", **scheduler: object) -> Path:
        choice = [prediction_type, *(f"{name}-{value}" for name, value in sorted(scheduler.items()))]
        return once(
            "-".join(["tiny", *choice]),
            lambda folder: _save_tiny_pipeline(folder, tiny_tokenizer, prediction_type, scheduler),
        )

    return made


def _save_tiny_pipeline(
    folder: Path, tokenizer: Path, prediction_type: str, scheduler: dict[str, object]
) -> None:
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    words = CLIPTokenizer(str(tokenizer / "vocab.json"), str(tokenizer / "merges.txt"), model_max_length=77)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        text_encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(words),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=4,
                max_position_embeddings=77,
                bos_token_id=words.bos_token_id,
                eos_token_id=words.eos_token_id,
                pad_token_id=words.pad_token_id,
            )
        )
        unet = UNet2DConditionModel(
            sample_size=8,
            down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
            block_out_channels=(32, 64),
            layers_per_block=1,
            cross_attention_dim=32,
            attention_head_dim=4,
            norm_num_groups=8,
        )
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(8, 8, 16, 16),
            norm_num_groups=8,
            latent_channels=4,
            sample_size=64,
        )
        # Fresh weights hardly look at the text; louder cross-attention makes guidance and words matter.
        with torch.no_grad():
            for name, weight in unet.named_parameters():
                if ".attn2." in name and name.endswith("weight"):
                    weight.mul_(3)
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=words,
        unet=unet,
        scheduler=DDIMScheduler(
            **{
                "beta_start": 0.00085,
                "beta_end": 0.012,
                "beta_schedule": "scaled_linear",
                "clip_sample": False,
                "set_alpha_to_one": False,
                "steps_offset": 1,
                "prediction_type": prediction_type,
                **scheduler,
            }
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """So small a model loses more by torch's threads than it gains."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
