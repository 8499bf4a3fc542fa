"""A real CLIP tokenizer, trained on the grammar's own sentences: lower-case byte-level BPE, 77 slots."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tokenizers import Regex as Pattern
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from export.miniature.scenes import grammar
from export.miniature.scenes.paraphrases import SYNONYMS, paraphrase, plural, words

SLOTS = 77
START, END = "<|startoftext|>", "<|endoftext|>"
SPLIT = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
EXTRA = ["in the air", "under", "above", "behind", "of", "white", "black", "four", "five", "picture", "photo"]


@cache
def pieces(tokenizer: CLIPTokenizer, word: str) -> list[int]:
    """Return the ids of one word."""
    return tokenizer(word, add_special_tokens=False).input_ids


def sentences(count: int = 4000) -> Iterator[str]:
    """Say many scenes, then every synonym."""
    for seed in range(count):
        yield grammar.caption(grammar.scene(seed))
        yield " ".join(words for words, _ in paraphrase(grammar.scene(seed), 0))
    yield from sorted({*words(), *EXTRA}) * 20


def known_words() -> list[str]:
    """List the words of the grammar and its synonyms, many of a thing too: the ones that the model is taught."""
    said = [*grammar.OBJECTS, *grammar.OBJECTS.values(), *grammar.COLOURS, *grammar.SIZES, "two", "three"]
    said += [*grammar.PLACES.values(), *grammar.TIMES.values(), "a", "an", "and"]
    said += [way for ways in grammar.RELATIONS.values() for way in ways]
    said += [plural(other) for name in grammar.OBJECTS for other in SYNONYMS.get(name, ())]
    return sorted(({word for phrase in said for word in phrase.split()} | words()) - {"normal"})


def train(folder: Path, size: int = 1024) -> CLIPTokenizer:
    """Train the merges and save `vocab.json`, `merges.txt` and settings in CLIP's format."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE(unk_token=END, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Pattern(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Pattern(SPLIT), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size - 2, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator(sentences(), trainer)

    merges = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    pieces = [
        *alphabet,
        *(letter + "</w>" for letter in alphabet),
        *("".join(pair) for pair in merges),
        START,
        END,
    ]
    (folder / "vocab.json").write_text(json.dumps({p: i for i, p in enumerate(pieces)}, ensure_ascii=False))
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    result = CLIPTokenizer(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,
        model_max_length=SLOTS,
    )
    result.save_pretrained(folder)
    return result
