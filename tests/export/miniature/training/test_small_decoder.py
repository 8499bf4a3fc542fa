"""A tiny small decoder is taught by an autoencoder, written, and found by the export."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from safetensors.torch import load_file
from typer.testing import CliRunner

from export.checkpoint.additions import load_preview_decoder
from export.checkpoint.pipeline import load_pipeline
from export.description import describe
from export.format.errors import UserError
from export.graphs.graphs import graphs_of
from export.miniature.cli import app
from export.miniature.training import config, pipeline, small_decoder, vae
from export.miniature.training.pipeline import PREVIEW
from export.miniature.training.vae import FRESH

TINY = config.read(config.SHIPPED.with_name("tiny.toml"))
WEIGHTS = Path("export/miniature/weights")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with weights that hold an autoencoder and what it has taught."""
    folder = tmp_path_factory.mktemp("small-decoder")
    torch.manual_seed(0)
    vae.build(TINY).save_pretrained(folder / "weights" / "vae")
    small_decoder.run(TINY, folder / "weights", folder / "run", count=4)
    return folder


def test_a_tiny_run(finished: Path) -> None:
    assert '"samples": 24' in (finished / "run" / "small_decoder.jsonl").read_text()
    folder = finished / "weights" / PREVIEW
    (file,) = folder.glob("*.safetensors")
    assert {weight.dtype for weight in load_file(file).values()} == {torch.float16}
    written = AutoencoderTiny.from_pretrained(folder)
    latents = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    assert written.decode(latents).sample.shape == (2, 3, 128, 128)


def test_a_finished_run_is_only_measured(finished: Path) -> None:
    before = (finished / "run" / "small_decoder.jsonl").read_text()
    measured = small_decoder.run(TINY, finished / "weights", finished / "run", count=4)
    assert set(measured) == {"scenes", "foreseen"}
    assert (finished / "run" / "small_decoder.jsonl").read_text() == before


def test_it_learns_what_the_decoder_draws(finished: Path, tmp_path: Path) -> None:
    teacher = vae.AutoencoderKL.from_pretrained(finished / "weights" / "vae").eval()
    latents = small_decoder.encode(teacher, FRESH, 4)
    pictures = small_decoder.decode(teacher, latents)
    torch.manual_seed(TINY.seed)
    untrained = small_decoder.build(TINY)
    longer = replace(TINY, small_decoder=replace(TINY.small_decoder, budget=config.Budget(samples=240)))
    trained = small_decoder.train(longer, teacher, tmp_path)
    before, after = (small_decoder.quality(each, latents, pictures) for each in (untrained, trained))
    assert after > before + 3


def test_foreseen_latents_are_strong_mixtures_of_pictures() -> None:
    latents = torch.randn(64, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    foreseen = small_decoder.foresee(latents, 0.0, torch.Generator().manual_seed(1))
    assert foreseen.shape == latents.shape
    assert 0.3 < foreseen.std((1, 2, 3)).min() < 1 < foreseen.std((1, 2, 3)).max() < 2.3
    likeness = torch.corrcoef(torch.cat([foreseen, latents]).flatten(1))[:64, 64:]
    assert torch.equal(likeness.argmax(1), torch.arange(64))  # each is more like its own than like any other
    noisy = small_decoder.foresee(latents, 0.4, torch.Generator().manual_seed(1))
    assert 0 < (noisy - foreseen).std() < 0.4


def test_the_export_finds_it_beside_the_parts(
    miniature_pipeline: StableDiffusionPipeline, finished: Path, tmp_path: Path
) -> None:
    log = finished / "run" / "small_decoder.jsonl"
    pipeline.save(miniature_pipeline, tmp_path / "weights", [log])
    plain = load_pipeline(tmp_path / "weights")
    assert plain.preview is None
    shutil.copytree(finished / "weights" / PREVIEW, tmp_path / "weights" / PREVIEW)
    found = load_pipeline(tmp_path / "weights")
    assert isinstance(found.preview, AutoencoderTiny)
    graphs = {graph.name: graph for graph in graphs_of(found)}
    assert "preview_decoder" in graphs
    described = describe(found, graphs["latent_rgb"].view, graphs["unet"].layers, {})
    assert described["defaults"]["preview"] == "tiny"


def test_new_weights_keep_the_small_decoder_of_the_same_autoencoder(
    miniature_pipeline: StableDiffusionPipeline, finished: Path, tmp_path: Path
) -> None:
    log, folder = finished / "run" / "small_decoder.jsonl", tmp_path / "weights"
    pipeline.save(miniature_pipeline, folder, [log])
    shutil.copytree(finished / "weights" / PREVIEW, folder / PREVIEW)
    pipeline.save(miniature_pipeline, folder, [log])
    assert (folder / PREVIEW / "config.json").exists()
    torch.manual_seed(1)
    pipeline.save(
        pipeline.assemble(
            vae.build(TINY),
            miniature_pipeline.text_encoder,
            miniature_pipeline.unet,
            miniature_pipeline.tokenizer,
        ),
        folder,
        [log],
    )
    assert not (folder / PREVIEW).exists()


def test_the_shipped_one_is_small_and_near_the_full_decoder() -> None:
    """27 dB is a mean error of a 22nd of the range of colours."""
    small = load_preview_decoder(WEIGHTS / PREVIEW, 4, 8)
    assert sum(weight.numel() for weight in small.decoder.parameters()) < 600_000 / 4
    teacher = vae.AutoencoderKL.from_pretrained(WEIGHTS / "vae", torch_dtype=torch.float32).eval()
    latents = small_decoder.encode(teacher, FRESH, 25)
    foreseen = small_decoder.foresee(latents, 0.2, torch.Generator().manual_seed(0))
    scenes, likely = (
        small_decoder.quality(small, some, small_decoder.decode(teacher, some))
        for some in (latents, foreseen)
    )
    assert scenes > 27
    assert likely > 26


@pytest.mark.parametrize("option", ["--config", "--weights"])
def test_a_mistake_at_the_command_is_said_in_one_sentence(option: str) -> None:
    result = CliRunner().invoke(app, ["small-decoder", option, "none"])
    assert isinstance(result.exception, UserError)
    assert str(result.exception).count("\n") == 0
