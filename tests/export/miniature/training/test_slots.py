"""Slots that only their own word can be read from."""

import pytest
import torch
from transformers import CLIPTokenizer

from export.miniature.training import latents
from export.miniature.training.attention import neglect
from export.miniature.training.roles import ROLES
from export.miniature.training.slots import SILENT, Doubts, doubted

SAID = [("a red car", "item 0"), ("on the beach", "place"), ("at night", "-")]


@pytest.fixture
def captions(miniature_tokenizer: CLIPTokenizer) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and roles [64, 77] of one caption, many times."""
    ids, roles, _ = latents.tokenize(SAID, miniature_tokenizer)
    return torch.tensor(ids).expand(64, -1), torch.tensor(roles).expand(64, -1)


def draw(tokenizer: CLIPTokenizer, captions, shuffled: float, **swapped: float):
    return Doubts(tokenizer, shuffled, swapped).draw(*captions, torch.Generator().manual_seed(0))


def test_nothing_is_doubted_unasked(miniature_tokenizer: CLIPTokenizer, captions) -> None:
    doubt = draw(miniature_tokenizer, captions, 0.0, colour=0.0)
    text = torch.randn(64, 77, 5)
    assert torch.equal(doubt.ids, captions[0])
    assert torch.equal(doubted(text, text, doubt), text)


def test_only_silent_slots_are_dealt_out(miniature_tokenizer: CLIPTokenizer, captions) -> None:
    doubt = draw(miniature_tokenizer, captions, 1.0)
    silent = (captions[1] == SILENT).flatten()
    moved = doubt.order != torch.arange(64 * 77)
    assert not moved[~silent].any()
    assert moved[silent].float().mean() > 0.99
    assert silent[doubt.order[silent]].all()


def test_the_share_of_doubted_captions_is_kept(miniature_tokenizer: CLIPTokenizer, captions) -> None:
    doubt = draw(miniature_tokenizer, captions, 0.5, colour=0.5)
    moved = (doubt.order != torch.arange(64 * 77)).view(64, 77).any(1)
    assert 0.3 < moved.float().mean() < 0.7
    assert 0.3 < doubt.own.any(1).float().mean() < 0.7


def test_a_swapped_colour_is_believed_of_its_own_slot_alone(
    miniature_tokenizer: CLIPTokenizer, captions
) -> None:
    doubt = draw(miniature_tokenizer, captions, 0.0, colour=1.0)
    colour = captions[1] == ROLES.index("colour")
    assert torch.equal(doubt.own, colour)
    assert torch.equal(doubt.ids[~colour], captions[0][~colour])
    assert (doubt.ids[colour] != captions[0][colour]).float().mean() > 0.6
    mixed = doubted(torch.ones(64, 77, 2), torch.zeros(64, 77, 2), doubt)
    assert torch.equal(mixed.bool()[..., 0], colour)


def test_gradients_flow_through_dealt_slots(miniature_tokenizer: CLIPTokenizer, captions) -> None:
    doubt = draw(miniature_tokenizer, captions, 1.0)
    text = torch.zeros(64, 77, 2, requires_grad=True)
    doubted(text, text, doubt).sum().backward()
    assert text.grad is not None
    assert text.grad.sum() == 64 * 77 * 2


def test_neglect_is_what_the_cells_of_a_region_do_not_heed() -> None:
    maps = torch.zeros(1, 256, 77)
    maps[0, :128, 4] = 0.5  # the upper half heeds token 4 by a half
    maps[0, :128, 5] = 0.25
    masks = torch.zeros(1, 3, 16, 16)
    masks[0, 0, :8] = 1  # item 0 stands in the upper half
    masks[0, 2, 8:] = 1
    regions = torch.zeros(1, 77, dtype=torch.long)
    regions[0, 4:6] = latents.REGIONS.index("item 0")
    regions[0, 6] = latents.REGIONS.index("place")
    lost, told = neglect(maps, masks, regions)
    assert told.tolist() == [[True, False, True]]
    assert lost[0, 0] == pytest.approx(-torch.tensor(0.751).log().item(), abs=1e-4)
    assert lost[0, 2] == pytest.approx(-torch.tensor(0.001).log().item(), abs=1e-4)
