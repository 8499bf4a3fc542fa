"""What the original code of Stable Diffusion (LDM) calls the tensors that diffusers names otherwise."""

from __future__ import annotations

import torch


def unet_name(name: str) -> str:
    """The original name of a tensor of a Stable Diffusion UNet of four blocks of two layers."""
    head, *rest = name.split(".")
    tops = {
        "time_embedding": {"linear_1": "time_embed.0", "linear_2": "time_embed.2"},
        "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
    }
    if head == "time_embedding":
        return ".".join([tops[head][rest[0]], *rest[1:]])
    if head in tops:
        return ".".join([tops[head], *rest])
    if head == "mid_block":
        kind, index, *inner = rest
        place = 1 if kind == "attentions" else 2 * int(index)
        return f"middle_block.{place}.{_layer(kind, inner)}"
    block, kind, layer, *inner = rest
    if head == "down_blocks":
        if kind == "downsamplers":
            return f"input_blocks.{3 * int(block) + 3}.0.op.{inner[-1]}"
        place = f"input_blocks.{3 * int(block) + 1 + int(layer)}"
    else:
        if kind == "upsamplers":
            slot = 1 if block == "0" else 2  # behind the attention, where there is one
            return f"output_blocks.{3 * int(block) + 2}.{slot}.conv.{inner[-1]}"
        place = f"output_blocks.{3 * int(block) + int(layer)}"
    return f"{place}.{1 if kind == 'attentions' else 0}.{_layer(kind, inner)}"


def _layer(kind: str, inner: list[str]) -> str:
    resnet = {
        "norm1": "in_layers.0",
        "conv1": "in_layers.2",
        "norm2": "out_layers.0",
        "conv2": "out_layers.3",
        "time_emb_proj": "emb_layers.1",
        "conv_shortcut": "skip_connection",
    }
    return ".".join([resnet[inner[0]], *inner[1:]] if kind == "resnets" else inner)


def vae_name(name: str) -> str:
    """The original name of a tensor of an autoencoder of four blocks."""
    coder, head, *rest = name.split(".")
    if coder in {"quant_conv", "post_quant_conv"}:
        return name
    if head == "conv_norm_out":
        return ".".join([coder, "norm_out", *rest])
    if head == "mid_block":
        kind, index, *inner = rest
        if kind == "attentions":
            layer = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out": "proj_out"}
            return f"{coder}.mid.attn_1.{layer[inner[0]]}.{inner[-1]}"
        return f"{coder}.mid.block_{int(index) + 1}.{'.'.join(inner)}"
    if head in {"down_blocks", "up_blocks"}:
        block, kind, layer, *inner = rest
        way, place = ("down", int(block)) if head == "down_blocks" else ("up", 3 - int(block))
        if kind == "resnets":
            inner = ["nin_shortcut" if part == "conv_shortcut" else part for part in inner]
            return f"{coder}.{way}.{place}.block.{layer}.{'.'.join(inner)}"
        return f"{coder}.{way}.{place}.{way}sample.conv.{inner[-1]}"
    return name


def open_clip(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A CLIP text encoder's tensors as OpenCLIP has them: q, k and v of a layer are one matrix."""
    names = {
        "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
        "text_model.embeddings.position_embedding.weight": "positional_embedding",
        "text_model.final_layer_norm": "ln_final",
        "text_model.encoder.layers": "transformer.resblocks",
        "self_attn": "attn",
        "layer_norm": "ln_",
        "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj",
    }
    found = {}
    for name, value in weights.items():
        new, tensor = name, value
        if ".q_proj." in name:
            new = new.replace(".q_proj.", ".in_proj_")
            tensor = torch.cat([weights[name.replace(".q_", f".{which}_")] for which in "qkv"])
        elif ".k_proj." in name or ".v_proj." in name:
            continue
        for theirs, ours in names.items():
            new = new.replace(theirs, ours)
        found[new] = tensor
    return found
