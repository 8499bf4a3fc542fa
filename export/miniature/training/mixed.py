"""Mixed precision, where it is fast."""

import torch


def mixed(device: torch.device) -> torch.autocast:
    """Return a context that computes in bfloat16 on devices with instructions for it, else in float32.

    A processor without them imitates bfloat16, which takes seven times as long as float32.
    """
    able = device.type != "cpu" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=able)
