"""What the miniature can draw, as data, and how a scene is said in words.

A scene is one to three objects of a kind, or two different objects side by side, in a place at a time of
day. `scene(seed)` draws one from the grammar; `caption(scene)` says it. Everything follows from the seed.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path

OBJECTS = {  # singular: plural
    "cat": "cats",
    "dog": "dogs",
    "fish": "fish",
    "car": "cars",
    "boat": "boats",
    "rocket": "rockets",
    "tree": "trees",
    "house": "houses",
    "balloon": "balloons",
    "apple": "apples",
    "mushroom": "mushrooms",
    "star": "stars",
}
COLOURS = {  # name: sRGB, 0 to 255
    "red": (226, 32, 40),
    "orange": (255, 128, 16),
    "yellow": (253, 214, 42),
    "green": (52, 172, 66),
    "blue": (38, 100, 236),
    "purple": (134, 60, 206),
    "pink": (255, 122, 184),
}
PLACES = {  # name: how it is said
    "beach": "on the beach",
    "meadow": "in the meadow",
    "snow": "in the snow",
    "desert": "in the desert",
    "sea": "on the sea",
    "street": "in the street",
}
TIMES = {"day": "by day", "sunset": "at sunset", "night": "at night"}
SIZES = {"small": "small", "normal": "", "big": "big"}
COUNTS = {1: "one", 2: "two", 3: "three"}
RELATIONS = {  # first object's side: ways to say it, the first object being named first
    "left": ("left of", "to the left of", "and"),
    "right": ("right of", "to the right of"),
}
OPPOSITE = {"left": "right", "right": "left"}
KINDS = ("single", "several", "pair")

# Combinations {place: {object: [colours]}} that training never sees; "plain" means no colour word.
HELD_OUT = json.loads((Path(__file__).parent / "held_out.json").read_text())


@dataclass(frozen=True)
class Item:
    """One kind of object in a scene; `colour` is a key of COLOURS or "plain"."""

    name: str
    colour: str = "plain"
    size: str = "normal"
    count: int = 1


@dataclass(frozen=True)
class Scene:
    """What a picture shows; with two items, `items[0]` stands on `side` of `items[1]`."""

    items: tuple[Item, ...]
    place: str
    time: str
    side: str = "left"
    seed: int = 0

    @property
    def kind(self) -> str:
        """`single`, `several` or `pair`."""
        if len(self.items) == 2:
            return "pair"
        return "single" if self.items[0].count == 1 else "several"


def held_out(name: str, colour: str, place: str) -> bool:
    """Say whether training never sees this object in this colour at this place."""
    return colour in HELD_OUT[place].get(name, [])


def combinations() -> list[tuple[str, str, str]]:
    """Return every (object, colour, place) of the grammar."""
    return [(name, colour, place) for place in PLACES for name in OBJECTS for colour in ("plain", *COLOURS)]


def scene(seed: int, *, unseen: bool = False, kinds: tuple[str, ...] = KINDS) -> Scene:
    """Draw a scene: each item is a held-out combination if `unseen`, else none of them is."""
    rng = random.Random(f"{'unseen' if unseen else 'seen'} {seed}")
    place, time = rng.choice(list(PLACES)), rng.choice(list(TIMES))
    kind = rng.choices(kinds, weights=[{"single": 5, "several": 2, "pair": 3}[k] for k in kinds])[0]
    looks = [
        (name, colour)
        for name in OBJECTS
        for colour in ("plain", *COLOURS)
        if held_out(name, colour, place) == unseen
    ]
    name, colour = rng.choice(looks)
    items: tuple[Item, ...]
    if kind == "several":
        items = (Item(name, colour, count=rng.choice([2, 3])),)
    elif kind == "single":
        items = (Item(name, colour, rng.choices(list(SIZES), weights=[1, 3, 2])[0]),)
    else:
        other, shade = rng.choice([look for look in looks if look[0] != name])
        sizes = [("normal", "normal")] * 5 + [("small", "normal"), ("normal", "small")]
        sizes += [("big", "small"), ("small", "big"), ("big", "normal"), ("normal", "big")]
        first, second = rng.choice(sizes)
        items = (Item(name, colour, first), Item(other, shade, second))
    return Scene(items, place, time, rng.choice(["left", "right"]), seed)


def noun_phrase(item: Item) -> str:
    """Say one item: "a big red car", "two blue fish"."""
    noun = item.name if item.count == 1 else OBJECTS[item.name]
    words = [SIZES[item.size], "" if item.colour == "plain" else item.colour, noun]
    words = [word for word in words if word]
    article = "an" if words[0][0] in "aeiou" else "a"
    return " ".join([article if item.count == 1 else COUNTS[item.count], *words])


def phrases(scene: Scene) -> list[tuple[str, str]]:
    """Say everything that the scene shows as (words, what they speak of).

    They speak of `item 0`, `item 1`, the `place`, or of nothing that has a place in the picture (`-`); "left"
    and "right" speak of the item that stands there.
    Which of the equal ways is used follows from the scene's seed.
    """
    rng = random.Random(f"caption {scene.seed}")
    said = [(noun_phrase(item), f"item {i}") for i, item in enumerate(scene.items)]
    if scene.kind == "pair" and rng.random() < 0.25:
        said[1:1] = [(f"on the {scene.side}", "item 0"), ("and", "-")]
        said.append((f"on the {OPPOSITE[scene.side]}", "item 1"))
    elif scene.kind == "pair":
        relation = rng.choice(RELATIONS[scene.side])
        said.insert(1, (relation, "-" if relation == "and" else "item 0"))
    time = "" if scene.time == "day" and rng.random() < 0.5 else TIMES[scene.time]
    return [*said, (PLACES[scene.place], "place"), *([(time, "-")] if time else [])]


def caption(scene: Scene) -> str:
    """Say everything that the scene shows in one sentence."""
    return " ".join(words for words, _ in phrases(scene))
