"""Recordings of other prompts, made from one of the page's own: for what depends on the words, without an engine."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any

PIECE = 8  # letters that a slot holds, of the words here


def reworded(recording: bytes, prompt: str, unheard: str = "") -> bytes:
    """The same run under another prompt, whose words take the recorded words' attention in turn.

    Args:
        recording: what a ``.run`` file holds (web/runs/recordings.js).
        prompt: its words, with spaces between them; a long word fills several slots.
        unheard: a word that gets no attention anywhere, as one that was switched off.

    Returns:
        A ``.run`` file.
    """
    content = gzip.decompress(recording)
    (length,) = struct.unpack_from("<I", content)
    header: dict[str, Any] = json.loads(content[4 : 4 + length])
    body = bytearray(content[4 + length :])
    header["settings"]["prompt"] = prompt
    texts = prompt.split()
    slots = _slots(texts)
    for frame in header["frames"]:
        shares = [word["share"] for word in frame["words"]]
        frame["words"] = [
            {"text": text, "tokens": tokens, "share": 0 if text == unheard else shares[k % len(shares)]}
            for k, (text, tokens) in enumerate(zip(texts, slots, strict=True))
        ]
        for name in ("maps", "meanMaps"):
            part = frame[name]
            assert part["low"] == 0
            size = part["length"] // len(shares)
            maps = [
                body[part["offset"] + k * size : part["offset"] + (k + 1) * size] for k in range(len(shares))
            ]
            frame[name] = {**part, "offset": len(body), "length": size * len(texts)}
            for k, text in enumerate(texts):
                body += bytes(size) if text == unheard else maps[k % len(maps)]
    packed = json.dumps(header).encode()
    return gzip.compress(struct.pack("<I", len(packed)) + packed + body)


def _slots(texts: list[str]) -> list[list[int]]:
    slots: list[list[int]] = []
    free = 1
    for text in texts:
        after = free + -(-len(text) // PIECE)
        slots.append(list(range(free, after)))
        free = after
    return slots
