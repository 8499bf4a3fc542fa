"""What a checkpoint's licence is, and what it asks of those who export it.

This reads labels; it is no legal advice.
"""

from __future__ import annotations

from pathlib import Path

from export.format.errors import UserError

NOT_STATED = "not stated"
UNKNOWN = "Its licence is not stated: ask its makers before you share it."
NON_COMMERCIAL = "Non-commercial use only."
RAIL = "Use is restricted as the licence's attachment A says."

# What each licence restricts, by its identifier on the Hugging Face hub; an empty sentence restricts nothing.
TERMS = {
    "mit": "",
    "apache-2.0": "",
    "bsd-3-clause": "",
    "cc0-1.0": "",
    "cc-by-4.0": "Its makers must be named.",
    "cc-by-sa-4.0": "Its makers must be named, and what is made of it must be under the same licence.",
    "creativeml-openrail-m": RAIL,
    "openrail": RAIL,
    "openrail++": RAIL,
    "bigscience-openrail-m": RAIL,
    "sai-nc-community": NON_COMMERCIAL,
    "stabilityai-nc-research-community": NON_COMMERCIAL,
    "stabilityai-ai-community": "Commercial use needs a licence of Stability AI above 1 million US$ a year.",
    NOT_STATED: UNKNOWN,
}

# The same by the beginning of the identifier, for the families with many versions; the first that fits.
FAMILIES = {
    "cc-by-nc-nd": "Non-commercial use only, and nothing made of it may be shared.",
    "cc-by-nd": "Nothing made of it may be shared.",
    "cc-by-nc-sa": "Non-commercial use only, and what is made of it must be under the same licence.",
    "cc-by-nc": NON_COMMERCIAL,
    "cc-by": TERMS["cc-by-4.0"],
    "fair-noncommercial": NON_COMMERCIAL,
}
# Licences of these families forbid to share anything that is made of the weights, such as an export.
NO_DERIVATIVES = ("cc-by-nd", "cc-by-nc-nd")

# What a licence's own text begins with or holds, where the model card names none; the first that fits.
TEXTS = {
    "CreativeML Open RAIL++-M": "openrail++",
    "CreativeML Open RAIL-M": "creativeml-openrail-m",
    "STABILITY AI NON-COMMERCIAL RESEARCH COMMUNITY LICENSE": "sai-nc-community",
    "STABILITY AI COMMUNITY LICENSE": "stabilityai-ai-community",
    "Attribution-NonCommercial-NoDerivatives": "cc-by-nc-nd-4.0",
    "Attribution-NoDerivatives": "cc-by-nd-4.0",
    "Attribution-NonCommercial-ShareAlike": "cc-by-nc-sa-4.0",
    "Attribution-NonCommercial": "cc-by-nc-4.0",
    "Apache License": "apache-2.0",
    "MIT License": "mit",
}
FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "LICENCE.md", "LICENCE.txt")


def licence_of(folder: Path) -> str:
    """The licence that a folder states: its model card's front matter, else a licence file, else "not stated".

    The front matter is the hub's: ``license`` is an identifier, or ``other`` and then ``license_name`` names it.
    """
    said = _front_matter(folder / "README.md")
    named = said.get("license", "")
    if named in {"", "other", "unknown"}:
        named = said.get("license_name") or _licence_in_files(folder) or NOT_STATED
    return named


def terms_of(licence: str) -> str:
    """What a licence restricts, as one sentence; empty if nothing, or if nothing is known of it."""
    name = licence.lower()
    if name in TERMS:
        return TERMS[name]
    return next((terms for family, terms in FAMILIES.items() if name.startswith(family)), "")


def check_licence(licence: str, accepted: bool) -> None:
    """Refuse to make something of weights whose licence forbids it.

    Raises:
        UserError: the licence forbids derivatives, and the user did not accept that.
    """
    if licence.lower().startswith(NO_DERIVATIVES) and not accepted:
        raise UserError(
            f"The licence {licence} forbids to share what is made of these weights, and an export is made of them; "
            "export with --accept-licence if you keep it to yourself or have been allowed to."
        )


def _front_matter(card: Path) -> dict[str, str]:
    """The plain fields between the two ``---`` at the head of a model card; no file, no fields."""
    lines = card.read_text("utf-8", errors="replace").splitlines() if card.is_file() else []
    fields = {}
    if lines and lines[0].strip() == "---":
        for line in lines[1:]:
            if line.strip() == "---":
                break
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip().strip("\"'")
    return fields


def _licence_in_files(folder: Path) -> str | None:
    for name in FILES:
        if (folder / name).is_file():
            text = (folder / name).read_text("utf-8", errors="replace").lower()
            return next((licence for phrase, licence in TEXTS.items() if phrase.lower() in text), None)
    return None
