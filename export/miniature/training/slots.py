"""Teaches each slot of the text to say its own word and no other, so that a word's strength acts as it is named.

The text encoder is causal: each slot has heard all before it, and the end and the padding carry the whole
sentence, so that a word switched off is still heard from the others. Two changes of the encoded text take that
away while the denoiser learns. Slots that say nothing of their own (articles, prepositions, end, padding) are
dealt out anew among the batch; and all slots but the colour words' own come from a caption with other colours,
likewise for sizes, numbers, places and times. Then only the word itself can be believed. Text encoder and UNet
stay the ordinary ones.
"""

from typing import NamedTuple

import torch
from torch import Generator, Tensor
from transformers import CLIPTokenizer

from export.miniature.training.roles import ROLES, alternatives

SILENT = ROLES.index("silent")


class Doubt(NamedTuple):
    """What makes the slots of a batch doubtful; B captions of T slots."""

    ids: Tensor  # [B, T] the captions with other words in place of some
    own: Tensor  # [B, T] bool, the slots that keep the true caption's vector
    order: Tensor  # [B·T] which slot's vector each slot gets


class Doubts:
    """Draws a `Doubt` for each batch."""

    def __init__(self, tokenizer: CLIPTokenizer, shuffled: float, swapped: dict[str, float]) -> None:
        """Take the share of captions whose silent slots are dealt out, and of those in which a role is swapped."""
        self.shuffled = shuffled
        self.swapped = {
            ROLES.index(name): (share, torch.tensor(alternatives(tokenizer, name)))
            for name, share in swapped.items()
        }

    def draw(self, ids: Tensor, roles: Tensor, generator: Generator) -> Doubt:
        """Return the doubt of captions `ids` [B, T] whose slots have `roles` [B, T]."""
        others, own = ids.clone(), torch.zeros_like(ids, dtype=torch.bool)
        for role, (share, words) in self.swapped.items():
            chosen = torch.rand(len(ids), 1, generator=generator) < share
            mine = chosen & (roles == role) & torch.isin(ids, words)
            drawn = words[torch.randint(len(words), ids.shape, generator=generator)]
            others, own = torch.where(mine, drawn, others), own | mine
        order = torch.arange(ids.numel())
        silent = (roles == SILENT).flatten()
        places = silent.nonzero().squeeze(1)
        dealt = places[torch.randint(len(places), (len(places),), generator=generator)]
        doubted = (
            (torch.rand(len(ids), 1, generator=generator) < self.shuffled).expand_as(ids).flatten()[places]
        )
        order[places] = torch.where(doubted, dealt, places)
        return Doubt(others, own, order)


def doubted(text: Tensor, others: Tensor, doubt: Doubt) -> Tensor:
    """Mix the encoded captions `text` and their doubles `others`, both [B, T, d]."""
    mixed = torch.where(doubt.own[..., None], text, others)
    return mixed.flatten(0, 1)[doubt.order].view_as(text)
