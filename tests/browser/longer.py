"""Recordings of other prompts, made from one of the page's own: for what depends on how many words there are."""

from __future__ import annotations

import gzip
import json
import struct
from typing import Any


def reworded(recording: bytes, prompt: str) -> bytes:
    """The same run under another prompt, whose words take the recorded words' attention in turn.

    Args:
        recording: what a ``.run`` file holds (web/recordings.js).
        prompt: its words, with spaces between them; each fills one slot.

    Returns:
        A ``.run`` file.
    """
    content = gzip.decompress(recording)
    (length,) = struct.unpack_from("<I", content)
    header: dict[str, Any] = json.loads(content[4 : 4 + length])
    body = bytearray(content[4 + length :])
    words = prompt.split()
    header["settings"]["prompt"] = prompt
    for frame in header["frames"]:
        recorded = frame["words"]
        frame["words"] = [
            {"text": word, "tokens": [slot], "share": recorded[slot % len(recorded)]["share"]}
            for slot, word in enumerate(words, start=1)
        ]
        for name in ("maps", "meanMaps"):
            part = frame[name]
            size = part["length"] // len(recorded)
            offset = len(body)
            for slot in range(1, len(words) + 1):
                start = part["offset"] + (slot % len(recorded)) * size
                body += body[start : start + size]
            frame[name] = {**part, "offset": offset, "length": len(body) - offset}
    packed = json.dumps(header).encode()
    return gzip.compress(struct.pack("<I", len(packed)) + packed + bytes(body))
