"""A checkpoint's parts in torch, with what was added to them; in one sentence why another cannot be exported."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from export.checkpoint.about import About, Defaults, about_checkpoint
from export.checkpoint.additions import (
    few_steps_of,
    fuse_lora,
    load_preview_decoder,
    own_preview_decoder,
    read_embedding,
)
from export.checkpoint.architectures import Architecture
from export.checkpoint.checkpoint import (
    OTHER_CHANNELS,
    PARTS,
    SUPPORTED,
    Checkpoint,
    open_checkpoint,
)
from export.checkpoint.judge import Judge, read_judge
from export.checkpoint.licences import check_licence
from export.checkpoint.weightfiles import fill
from export.format.errors import UserError
from pyscript_app.schedule import Schedule

LONGEST_PROMPT = 10**6  # tokens; transformers writes 10**30 where nothing is said


@dataclass(frozen=True)
class Pipeline:
    """The parts of a Stable Diffusion pipeline, in float32 on the CPU.

    ``folder`` is the folder or the file that it was loaded from, ``preview`` an AutoencoderTiny or None,
    ``judge`` what came along to judge its pictures, ``added_tokens`` the ids that each learned word stands for,
    and ``additions`` what was added, in words.
    """

    folder: Path
    about: About
    architecture: Architecture
    unet: Any
    vae: Any
    text_encoder: Any
    tokenizer: Any
    scheduler: Any
    preview: Any = None
    judge: Judge | None = None
    added_tokens: Mapping[str, list[int]] = field(default_factory=dict)
    additions: tuple[str, ...] = ()

    @property
    def batch(self) -> int:
        """Prompts that the network runs on."""
        return self.architecture.batch

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """``(C, h, w)``."""
        side = self.unet.config.sample_size
        return self.unet.config.in_channels, side, side

    @property
    def picture_size(self) -> tuple[int, int]:
        """``(H, W)`` in pixels."""
        _, height, width = self.latent_shape
        return height * self.factor, width * self.factor

    @property
    def factor(self) -> int:
        """Pixels to a side of a latent's cell."""
        return 2 ** (len(self.vae.config.block_out_channels) - 1)

    @property
    def text_length(self) -> int:
        """Token slots T."""
        return self.text_encoder.config.max_position_embeddings

    @property
    def parameters(self) -> int:
        """Number of weights in all parts."""
        parts = (self.unet, self.vae, self.text_encoder)
        return sum(weight.numel() for part in parts for weight in part.parameters())

    @property
    def scheduler_fields(self) -> dict[str, Any]:
        """The scheduler's config as in its file; defaults of its class are left to each sampler."""
        config = self.scheduler.config
        # diffusers mends a left-out offset of its own accord, whatever it then says of its origin.
        left_out = set(config.get("_use_default_values", ())) - {"steps_offset"}
        said = {name: value for name, value in config.items() if name not in left_out and value is not None}
        # JSON has no infinity, which stands for "no bound" where diffusers uses it.
        fields = {
            name: value for name, value in said.items() if not name.startswith("_") and value != -math.inf
        }
        return {"_class_name": type(self.scheduler).__name__, **fields}

    def token_ids(self, prompt: str) -> list[int]:
        """The T ids of a prompt, as diffusers feeds them; a learned word of n vectors is n tokens."""
        from diffusers.loaders import TextualInversionLoaderMixin

        text = TextualInversionLoaderMixin().maybe_convert_prompt(prompt, self.tokenizer)
        ids: list[int] = self.tokenizer(
            text, padding="max_length", max_length=self.text_length, truncation=True
        ).input_ids
        return ids


def load_pipeline(
    source: Path | str,
    *,
    config: Path | str | None = None,
    allow_pickle: bool = False,
    architecture: str | None = None,
    **additions: Any,
) -> Pipeline:
    """Open a checkpoint and put it together: `open_checkpoint`, then `assemble` with ``additions``."""
    return assemble(open_checkpoint(source, config, allow_pickle, architecture), **additions)


def assemble(
    checkpoint: Checkpoint,
    *,
    loras: Sequence[tuple[Path | str, float]] = (),
    embeddings: Sequence[Path | str] = (),
    preview_decoder: Path | str | None = None,
    accept_licence: bool = False,
    size: int | None = None,
) -> Pipeline:
    """Load and check a checkpoint's parts, and fuse into them what is added.

    Args:
        checkpoint: what was opened.
        loras: files, each with the strength at which it is added to the weights.
        embeddings: files of learned words.
        preview_decoder: the folder of an AutoencoderTiny, in place of the one that came with the checkpoint.
        accept_licence: go on where the licence forbids to share what is made of the weights.
        size: side of the pictures in pixels, where it is not to be the checkpoint's own.

    Raises:
        UserError: something is not there, not whole, or of a kind that this exporter does not know.
    """
    parts, row, allow_pickle = load_parts(checkpoint), checkpoint.architecture, checkpoint.allow_pickle
    about = about_checkpoint(checkpoint, row.defaults)
    check_licence(about.licence, accept_licence)
    pipeline = Pipeline(checkpoint.path, about, row, **parts, judge=read_judge(checkpoint.path))
    check_shapes(pipeline)
    if size is not None or pipeline.unet.config.sample_size is None:
        pipeline = with_size(pipeline, row.size if size is None else size)
    pipeline = with_loras(pipeline, [(Path(path), scale) for path, scale in loras], allow_pickle)
    pipeline = with_embeddings(pipeline, [Path(path) for path in embeddings], allow_pickle)
    preview_decoder = preview_decoder or own_preview_decoder(checkpoint.path)
    if preview_decoder:
        channels, factor = pipeline.latent_shape[0], pipeline.factor
        preview = load_preview_decoder(Path(preview_decoder), channels, factor, allow_pickle)
        pipeline = replace(pipeline, preview=preview)
    return pipeline


def load_parts(checkpoint: Checkpoint) -> dict[str, Any]:
    """Every part of a checkpoint, by its name in ``PARTS``, put together as diffusers does."""
    import diffusers
    import transformers
    from accelerate import init_empty_weights

    folder, index = checkpoint.configs, checkpoint.index
    try:
        with init_empty_weights():
            unet = diffusers.UNet2DConditionModel.from_config(checkpoint.config("unet"))
            vae = diffusers.AutoencoderKL.from_config(checkpoint.config("vae"))
            text_config = transformers.CLIPTextConfig(**checkpoint.config("text_encoder"))
            text_encoder = transformers.CLIPTextModel(text_config)
        tokenizer_class = getattr(transformers, index["tokenizer"][1])
        tokenizer = tokenizer_class.from_pretrained(folder / "tokenizer", local_files_only=True)
        _check_length(tokenizer, text_config.max_position_embeddings, folder)
        scheduler_class = getattr(diffusers, index["scheduler"][1])
        scheduler = scheduler_class.from_config(checkpoint.config("scheduler"))
    except UserError:
        raise
    except Exception as error:  # whatever diffusers and transformers cannot read
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"The configs in {folder} cannot be used ({reason}); download them again.") from error
    networks = {"unet": unet, "vae": vae, "text_encoder": text_encoder}
    for name, network in networks.items():
        where = str(folder / name) if checkpoint.tensors is None else f"The {name} of {checkpoint.path.name}"
        fill(network, checkpoint.weights(name, network), where)
    # Its constructor mends what is known to be wrong in old schedulers' files.
    whole = diffusers.StableDiffusionPipeline(
        **networks,
        tokenizer=tokenizer,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return {name: getattr(whole, name) for name in PARTS}


def _check_length(tokenizer: Any, slots: int, folder: Path) -> None:
    """Give a tokenizer that does not say how long a prompt may be the text encoder's number of slots."""
    if tokenizer.model_max_length > LONGEST_PROMPT:
        tokenizer.model_max_length = slots
    if tokenizer.model_max_length != slots:
        raise UserError(
            f"The tokenizer of {folder} makes prompts of {tokenizer.model_max_length} tokens "
            f"(model_max_length in tokenizer_config.json), but its text encoder takes {slots}; the two parts do not "
            "belong together."
        )


def check_shapes(pipeline: Pipeline) -> None:
    """Check that the UNet is one that the loop can drive."""
    config, vae = pipeline.unet.config, pipeline.vae.config
    where = f"The UNet of {pipeline.folder}"
    if config.in_channels != vae.latent_channels:
        kind = f" ({OTHER_CHANNELS[config.in_channels]})" if config.in_channels in OTHER_CHANNELS else ""
        raise UserError(
            f"{where} takes {config.in_channels} channels{kind} where the VAE has {vae.latent_channels}; "
            "supported are text-to-image models, where both are equal."
        )
    if config.addition_embed_type or config.class_embed_type or config.encoder_hid_dim:
        raise UserError(f"{where} wants more than latents, timestep and text; supported is {SUPPORTED}.")
    row = pipeline.architecture
    if (config.time_cond_proj_dim is not None) != (row.guidance == "embedded"):
        takes = "no guidance" if config.time_cond_proj_dim is None else "the guidance as an input"
        raise UserError(f"{where} takes {takes}, so its architecture is not {row.name}.")
    width = pipeline.text_encoder.config.hidden_size
    if config.cross_attention_dim != width:
        raise UserError(
            f"{where} expects text of width {config.cross_attention_dim}, but the text encoder's is {width}; "
            "the two parts do not belong together."
        )
    if not isinstance(config.sample_size, int | None):
        raise UserError(f"{where} makes {config.sample_size} latents; supported are square ones.")
    try:
        Schedule.from_config(pipeline.scheduler_fields)
    except (ValueError, TypeError) as error:
        raise UserError(
            f"The scheduler of {pipeline.folder} cannot be rebuilt in the page. {error}"
        ) from None


def with_size(pipeline: Pipeline, size: int) -> Pipeline:
    """The pipeline for square pictures of ``size`` pixels."""
    unit = pipeline.factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1)
    if size < unit or size % unit:
        raise UserError(f"The size must be a multiple of {unit} pixels for this checkpoint, not {size}.")
    pipeline.unet.register_to_config(sample_size=size // pipeline.factor)
    return pipeline


def with_loras(pipeline: Pipeline, loras: Sequence[tuple[Path, float]], allow_pickle: bool) -> Pipeline:
    """The pipeline with LoRAs in its weights, and their way of drawing as its defaults."""
    parts = {"unet": pipeline.unet, "text_encoder": pipeline.text_encoder}
    for path, scale in loras:
        fuse_lora(parts, path, scale, allow_pickle)
        settings, fields = few_steps_of(path)
        scheduler = pipeline.scheduler
        if fields:
            scheduler = type(scheduler).from_config(scheduler.config, **fields)
        additions = (*pipeline.additions, f"LoRA {path.name} × {scale:g}")
        pipeline = replace(with_about(pipeline, **settings), scheduler=scheduler, additions=additions)
    return pipeline


def with_embeddings(pipeline: Pipeline, paths: Sequence[Path], allow_pickle: bool) -> Pipeline:
    """The pipeline with learned words in its tokenizer and its text encoder."""
    from diffusers import StableDiffusionPipeline

    for path in paths:
        word, vectors = read_embedding(path, pipeline.text_encoder.config.hidden_size, allow_pickle)
        if word in pipeline.added_tokens:
            raise UserError(f"Two embeddings are called {word}, the second is {path.name}; rename its file.")
        whole = StableDiffusionPipeline(
            **{part: getattr(pipeline, part) for part in PARTS},
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        whole.load_textual_inversion(vectors, token=word)
        tokens = [word, *(f"{word}_{i}" for i in range(1, len(vectors)))]
        ids = pipeline.tokenizer.convert_tokens_to_ids(tokens)
        pipeline = replace(
            pipeline,
            added_tokens={**pipeline.added_tokens, word: ids},
            additions=(*pipeline.additions, f"embedding {path.name} as {word}"),
        )
    return pipeline


def with_about(pipeline: Pipeline, **changes: Any) -> Pipeline:
    """The pipeline with other words about itself; None changes nothing."""
    said = {name: value for name, value in changes.items() if value is not None}
    settings = {name: said.pop(name) for name in list(said) if name in Defaults.__dataclass_fields__}
    about = replace(pipeline.about, defaults=replace(pipeline.about.defaults, **settings), **said)
    return replace(pipeline, about=about)
