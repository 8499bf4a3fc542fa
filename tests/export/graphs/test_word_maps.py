"""The words' maps, against the same sums in torch."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate
from torch.testing import assert_close

from export.graphs.word_maps import WordMaps


def test_maps_pool_as_daam_does() -> None:
    """DAAM: enlarge each layer bicubically, average over layers, heads and pieces of the word."""
    graph = WordMaps({8: 3, 4: 2}, 77)
    feeds = graph.examples(torch.Generator().manual_seed(1))
    found = graph(**feeds)
    small = interpolate(feeds["attention_4"][None], size=8, mode="bicubic", align_corners=False)[0]
    tokens = (feeds["attention_8"] + small) / 5
    one, two = tokens[1], (tokens[2] + tokens[3]) / 2
    assert_close(found["maps"][0], one.clamp(min=0))
    assert_close(found["maps"][1], two.clamp(min=0))
    assert found["maps"][2:].abs().max() == 0
    assert_close(found["next_total"][1], feeds["total"][1] + two)
    assert_close(found["mean_maps"][0], (feeds["total"][0] + one).clamp(min=0) / 3)
    assert_close(found["shares"][:2], torch.stack([one.mean(), (tokens[2] + tokens[3]).mean()]))


def test_shares_of_all_tokens_are_one() -> None:
    graph = WordMaps({8: 2, 4: 1}, 77)
    feeds = graph.examples(torch.Generator().manual_seed(2))
    for side, layers in ((8, 2), (4, 1)):
        raw = feeds[f"attention_{side}"]
        feeds[f"attention_{side}"] = layers * raw / raw.sum(0)  # layers of probabilities
    feeds["words"] = torch.eye(77)
    assert_close(graph(**feeds)["shares"].sum(), torch.tensor(1.0), atol=1e-5, rtol=0)
