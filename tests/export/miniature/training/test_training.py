"""A tiny run from scenes to a diffusers folder, stopped and gone on with."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from export.format.errors import UserError
from export.miniature.judging.contrast import ATTRIBUTES, fits, other
from export.miniature.scenes import grammar
from export.miniature.training import checkpoints, config, denoiser, latents, muon, training, vae
from export.miniature.training.attention import mass_inside

TINY = config.SHIPPED.with_name("tiny.toml")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a whole tiny run in `run` and its weights in `weights`."""
    folder = tmp_path_factory.mktemp("miniature")
    training.run(config.read(TINY), folder / "run", folder / "weights")
    return folder


def test_every_settings_file_is_read() -> None:
    assert {config.read(file).side for file in config.SHIPPED.parent.glob("*.toml")} == {128}
    assert config.read().vae.latent_channels == 4


def test_the_weights_are_an_ordinary_pipeline(finished: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(finished / "weights", torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    seeded = {"num_inference_steps": 2, "output_type": "np"}
    first, second = (
        pipeline("a red car", generator=torch.Generator().manual_seed(3), **seeded).images for _ in range(2)
    )
    assert first.shape == (1, 128, 128, 3)
    assert np.isfinite(first).all()
    assert np.array_equal(first, second)
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert pipeline.vae.config.scaling_factor == 1
    assert (finished / "weights" / "tokenizer" / "known_words.json").exists()


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(finished: Path, tmp_path: Path) -> None:
    for part in ("tokenizer", "pool", "latents"):
        shutil.copytree(finished / "run" / part, tmp_path / "run" / part)
    shutil.copy(finished / "run" / "autoencoder.pt", tmp_path / "run")
    for stop_at in (0.5, 1.0):
        training.run(config.read(TINY), tmp_path / "run", tmp_path / "weights", stop_at=stop_at)
    straight, resumed = (checkpoints.load(place / "run" / "denoiser-0.pt") for place in (finished, tmp_path))
    assert straight
    assert resumed
    assert straight["counters"][:2] == resumed["counters"][:2] == [6, 24]
    for part in ("text", "unet", "head"):
        for name, value in straight["modules"][part].items():
            assert torch.allclose(value, resumed["modules"][part][name], atol=1e-6), name


def test_a_run_can_begin_with_finished_weights(finished: Path, tmp_path: Path) -> None:
    training.adopt(finished / "weights", tmp_path)
    shipped = StableDiffusionPipeline.from_pretrained(finished / "weights", torch_dtype=torch.float32)
    settings, names = config.read(TINY), training.words(tmp_path)
    objective, trainer = denoiser.prepare(settings, names, tmp_path, torch.device("cpu"))
    for part, begun in ((shipped.unet, objective.unet), (shipped.text_encoder, objective.text)):
        for (name, old), new in zip(part.named_parameters(), begun.parameters(), strict=True):
            assert torch.equal(old, new), name
    assert trainer.samples == 0
    assert names.get_vocab() == shipped.tokenizer.get_vocab()
    trainer.save()
    with pytest.raises(UserError, match="leave --start out"):
        training.adopt(finished / "weights", tmp_path)
    with pytest.raises(UserError, match="no diffusers folder"):
        training.adopt(tmp_path / "nothing", tmp_path / "new")


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_one_changed_attribute_changes_the_caption(attribute: str) -> None:
    for scene in filter(lambda scene: fits(scene, attribute), map(grammar.scene, range(100))):
        changed = other(scene, attribute)
        assert grammar.caption(changed) != grammar.caption(scene)
        assert changed.seed == scene.seed
        assert (changed.place == scene.place) == (attribute != "place")


def test_normalizing_changes_latents_and_no_picture() -> None:
    torch.manual_seed(0)
    model = vae.build(config.read(TINY)).eval()
    pictures = np.random.default_rng(0).integers(0, 256, (8, 128, 128, 3), dtype=np.uint8)
    x = vae.to_tensor(pictures)
    with torch.no_grad():
        before = model.decode(model.encode(x).latent_dist.mode()).sample
        vae.normalize(model, pictures)
        z = model.encode(x).latent_dist
        after = model.decode(z.mode()).sample
    assert torch.allclose(before, after, atol=1e-3)
    assert torch.allclose(z.mode().mean((0, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(z.mode().std((0, 2, 3)), torch.ones(4), atol=1e-2)


def test_pixels_survive_the_way_to_tensors_and_back() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    assert np.array_equal(vae.to_pixels(vae.to_tensor(pictures)), pictures)


def test_crops_are_cut_around_objects() -> None:
    pool = {
        "pictures": np.zeros((1, 128, 128, 3), np.uint8),
        "boxes": np.array([[100, 100, 120, 120]], np.uint8),
    }
    pool["pictures"][0, 100:120, 100:120] = 255
    cut = vae.crops(pool, 64, 32, torch.Generator().manual_seed(0))
    assert cut.shape == (64, 32, 32, 3)
    assert (cut.max((1, 2, 3)) == 255).mean() > 0.8


@pytest.mark.parametrize("shape", [(8, 8), (8, 40), (40, 8)])
def test_orthogonalized_matrices_have_even_singular_values(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(muon.orthogonalize(matrix))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_every_weight_is_trained_by_exactly_one_optimizer() -> None:
    model = vae.build(config.read(TINY))
    groups = [p for o in muon.optimizers([model], 1e-3, 1e-3) for g in o.param_groups for p in g["params"]]
    assert len(groups) == len({id(p) for p in groups}) == len(list(model.parameters()))


def test_attention_mass_inside_a_region() -> None:
    maps = torch.zeros(1, 256, 77)
    maps[0, :4, 5] = 1  # token 5 looks at the first four cells of the first row
    masks = torch.zeros(1, 3, 16, 16)
    masks[0, 1, 0, :3] = 1  # item 1 stands on three of them
    regions = torch.zeros(1, 77, dtype=torch.long)
    regions[0, 5] = latents.REGIONS.index("item 1")
    mass, told = mass_inside(maps, masks, regions)
    assert told.nonzero().tolist() == [[0, 5]]
    assert mass[0, 5] == pytest.approx(0.75, abs=1e-4)
