"""Each graph computes what diffusers computes, in torch and as ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from diffusers.image_processor import VaeImageProcessor
from torch.testing import assert_close
from transformers import CLIPTextConfig, CLIPTextModel

from export.graphs import (
    DenoisingUNet,
    TextEncoder,
    VaeDecoder,
    VaeEncoder,
    attention_layers,
    graphs_of,
    write_onnx,
)
from export.pipeline import Pipeline


def test_graphs_use_standard_operators_only(int8_model: Path) -> None:
    for path in int8_model.glob("*.onnx"):
        model = onnx.load(path, load_external_data=False)
        assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 18)]
        assert not {node.domain for node in model.graph.node} - {""}
        # onnxruntime-web has no WebGPU kernels for these.
        assert not {"ConvInteger", "MatMulInteger"} & {node.op_type for node in model.graph.node}


def test_layers_are_counted(pipeline: Pipeline) -> None:
    names = [name for name in pipeline.unet.attn_processors if ".attn2." in name]
    assert sum(attention_layers(DenoisingUNet(pipeline)).values()) == len(names) == 7


@torch.no_grad()
def test_text_is_what_diffusers_feeds_the_unet(pipeline: Pipeline) -> None:
    whole = StableDiffusionPipeline.from_pretrained(pipeline.folder)
    cond, uncond = whole.encode_prompt("a red car", "cpu", 1, True, "night")
    ids = torch.tensor([pipeline.token_ids("night"), pipeline.token_ids("a red car")], dtype=torch.int32)
    assert_close(TextEncoder(pipeline)(ids)["text"], torch.cat([uncond, cond]), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_pictures_are_what_diffusers_would_save(pipeline: Pipeline) -> None:
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    decoded = pipeline.vae.decode(latent / pipeline.vae.config.scaling_factor).sample
    saved = np.asarray(VaeImageProcessor().postprocess(decoded, "pil")[0], np.int16)
    found = VaeDecoder(pipeline)(latent)["picture"].numpy()
    assert (
        np.abs(found[..., :3] - saved).max() <= 1
    )  # 127.5 (x + 1) and 255 (x / 2 + 0.5) differ in the last bit
    assert (found[..., :3] != saved).mean() < 1e-3


@torch.no_grad()
def test_encoding_is_scaled_as_in_diffusers(pipeline: Pipeline) -> None:
    graph = VaeEncoder(pipeline)
    picture = graph.examples(torch.Generator().manual_seed(0))["picture"]
    assert picture.abs().max() <= 1
    truth = pipeline.vae.encode(picture).latent_dist.mode() * pipeline.vae.config.scaling_factor
    assert_close(graph(picture)["latent"], truth)


def test_examples_follow_their_seed(pipeline: Pipeline) -> None:
    for graph in graphs_of(pipeline):
        one, same, other = (graph.examples(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert all(torch.equal(one[name], same[name]) for name in one)
        assert not all(torch.equal(one[name], other[name]) for name in one)


def test_stable_diffusion_2_shapes(pipeline: Pipeline, tmp_path: Path) -> None:
    """Linear projections, a head width instead of a head count, three resolutions and a GELU text encoder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = UNet2DConditionModel(
            sample_size=16,
            down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
            block_out_channels=(16, 32, 32),
            layers_per_block=1,
            cross_attention_dim=24,
            attention_head_dim=(1, 2, 2),
            use_linear_projection=True,
            norm_num_groups=8,
        ).eval()
        text = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(pipeline.tokenizer),
                hidden_size=24,
                intermediate_size=48,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=77,
                hidden_act="gelu",
            )
        ).eval()
    graph = DenoisingUNet(replace(pipeline, unet=unet, text_encoder=text))
    assert attention_layers(graph) == {16: 3, 8: 3, 4: 1}
    write_onnx(graph, tmp_path / "unet.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "unet.onnx")
    feeds = graph.examples(torch.Generator().manual_seed(3))
    found = session.run(None, {name: value.numpy() for name, value in feeds.items()})
    with torch.no_grad():
        truth = graph(**feeds)
        plain = unet(feeds["latents"], feeds["timestep"], feeds["text"]).sample
    assert [output.name for output in session.get_outputs()] == list(truth)
    for value, expected in zip(found, truth.values(), strict=True):
        np.testing.assert_allclose(value, expected.numpy(), atol=1e-5)
    ones = graph(**feeds | {"token_gain": torch.ones(1, 77)})["output"]
    assert_close(ones, plain, atol=1e-5, rtol=1e-5)
