"""What each slot of the prompt carries: the text encoder's vectors of some slots replaced by others.

As in Toker et al., "Padding Tone" (https://arxiv.org/abs/2501.06751), and Kaplan et al., "Follow the Flow"
(https://arxiv.org/abs/2504.01137). A slot is *clean* when it holds what the empty prompt has there.

``alone`` the word's slots stay and all others are clean; ``cut`` the word's slots are clean, but others keep what they
have heard of it; ``unheard`` the other slots are those of the prompt without the word, its own stay; ``deleted`` the
prompt is drawn without the word. The first two can be asked for PADDING as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyscript_app.refusal import RefusalError

if TYPE_CHECKING:
    from pyscript_app.parts import Parts, Tensor
    from pyscript_app.tokenizer import Reading, Tokenizer

WAYS = ("alone", "cut", "unheard", "deleted")
# All slots that hold no word: the start token, the end token, and what fills up after it.
PADDING = "<padding>"

# For a slot, the token ids of the prompt that its vector is taken from, and that vector's slot there.
Source = tuple[tuple[int, ...], int]


def delete_words(tokenizer: Tokenizer, prompt: str, slots: Mapping[str, str]) -> str:
    """The prompt without its ``deleted`` words; here all of ``slots`` is checked.

    Raises:
        RefusalError: A word is not in the prompt, or what is asked of the padding goes with words alone.
    """
    words = tokenizer.read(prompt).words
    for text, way in slots.items():
        if text == PADDING:
            if way not in ("alone", "cut"):
                raise RefusalError("slot-padding", value=way)
        elif text.lower() not in {word.text.lower() for word in words}:
            raise RefusalError("slot-word", word=repr(text))
    gone = {text.lower() for text, way in slots.items() if way == "deleted"}
    for word in reversed(words):
        if word.text.lower() in gone:
            prompt = f"{prompt[: word.start]} {prompt[word.end :]}"
    return prompt


def slot_sources(tokenizer: Tokenizer, reading: Reading, slots: Mapping[str, str]) -> list[Source]:
    """Where each slot's vector comes from, for a prompt whose ``deleted`` words are gone."""
    ids, clean = reading.ids, tuple(tokenizer.encode(""))
    places: dict[str, set[int]] = {PADDING: set(range(len(ids)))}
    for word in reading.words:
        places.setdefault(word.text.lower(), set()).update(word.tokens)
        places[PADDING].difference_update(word.tokens)

    def chosen(way: str) -> list[set[int]]:
        return [places.get(text.lower(), set()) for text, asked in slots.items() if asked == way]

    alone, cut, unheard = (chosen(way) for way in ("alone", "cut", "unheard"))
    kept = set().union(*alone) if alone else set(range(len(ids)))
    kept.difference_update(*cut)
    sources: list[Source] = []
    for slot in range(len(ids)):
        hidden = set().union(*(word for word in unheard if slot not in word))
        if slot not in kept:
            sources.append((clean, slot))
        else:
            heard = tuple(number for place, number in enumerate(ids) if place not in hidden)
            filled = heard + (tokenizer.pad,) * len(hidden)
            sources.append((filled, slot - sum(place < slot for place in hidden)))
    return sources


async def encode_slots(parts: Parts, before: Sequence[Sequence[int]], sources: Sequence[Source]) -> Tensor:
    """The text's vectors [batch, T, d], each slot of the last prompt's from its source.

    Args:
        parts: What encodes.
        before: The ids of the prompts before it in the batch: the negative one, or none.
        sources: For each slot.
    """
    prompts = dict.fromkeys(ids for ids, _ in sources)
    texts = {ids: await parts.encode(*before, ids) for ids in prompts}
    first, *others = texts.values()
    if not others:
        return first
    # Every prompt stood in the same place of its batch, so that it has the same numbers as if it were drawn itself.
    vectors = {ids: await parts.runtime.read(text) for ids, text in texts.items()}
    mixed = vectors[sources[0][0]][:]
    rows = (len(before) + 1) * len(sources)
    width, start = len(mixed) // rows, len(before) * len(sources)
    for slot, (ids, place) in enumerate(sources):
        there = (start + place) * width
        mixed[(start + slot) * width : (start + slot + 1) * width] = vectors[ids][there : there + width]
    return parts.tensor(mixed, len(before) + 1, len(sources), width)
