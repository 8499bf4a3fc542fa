"""Says a scene as a visitor might: terse, reordered, in other words, with digits and small misspellings."""

from random import Random

from export.miniature.scenes.grammar import COUNTS, OBJECTS, OPPOSITE, SIZES, Item, Scene

SYNONYMS = {
    "cat": ("kitten", "kitty"),
    "dog": ("puppy", "doggy", "pup"),
    "car": ("automobile", "auto"),
    "boat": ("sailboat", "ship"),
    "rocket": ("spaceship", "rocketship", "spacecraft"),
    "house": ("home", "cottage", "hut", "cabin"),
    "mushroom": ("toadstool",),
    "tree": ("oak",),
    "red": ("scarlet", "crimson"),
    "yellow": ("golden",),
    "purple": ("violet", "lilac"),
    "small": ("little", "tiny", "mini"),
    "big": ("large", "huge", "giant"),
    "two": ("2", "a couple of", "a pair of"),
    "three": ("3", "three"),
}
PLURALS = {
    "fish": "fishes",
    "kitty": "kitties",
    "puppy": "puppies",
    "doggy": "doggies",
    "spacecraft": "spacecraft",
}
PLACES = {
    "beach": ("on a beach", "at the beach", "beach", "on the shore", "at the coast", "seaside"),
    "meadow": ("in a meadow", "on the meadow", "meadow", "in a field", "on the grass", "lawn"),
    "snow": ("in snow", "snow", "on the snow", "in winter", "snowy", "on ice", "in the snowy winter"),
    "desert": ("in a desert", "desert", "in the dunes", "on the dunes", "in desert"),
    "sea": (
        "at sea",
        "sea",
        "on the ocean",
        "in the sea",
        "by the sea",
        "over the sea",
        "on the water",
        "on the waves",
    ),
    "street": ("on the street", "street", "on a road", "on the road", "in the city", "in town"),
}
TIMES = {
    "day": ("", "day", "in the daytime", "at noon", "by daylight", "sunny", "on a sunny day"),
    "sunset": ("sunset", "at dusk", "in the evening", "during sunset", "at sundown", "evening"),
    "night": ("night", "by night", "at midnight", "in the dark", "nighttime", "dark", "during the night"),
}
FEW = ("", "", "some")  # before a plural: says that there are several, not how many
JOINTS = ("", "", ",", ":", "with", "and")  # between a setting that is said first and its subject
NEAR = ("next to", "beside", "with", "near", "by")  # says nothing about the side
OPENINGS = (
    "a photo of",
    "a picture of",
    "photo of",
    "draw",
    "please draw",
    "could you draw",
    "show me",
    "i want",
)
ENDINGS = ("please", "pls", "!", ".", "?")
DROPPED = {"a", "an", "the", "of", "to", "in", "on", "at", "by", "during"}  # in the style of keywords
Said = list[tuple[str, str]]


def misspell(word: str, rng: Random) -> str:
    """Swap, drop or double one letter inside a word of four letters or more."""
    i = rng.randrange(1, len(word) - 2)
    return rng.choice(
        [
            word[:i] + word[i + 1] + word[i] + word[i + 2 :],
            word[:i] + word[i + 1 :],
            word[:i] + word[i] + word[i:],
        ]
    )


def _other(word: str, rng: Random, share: float) -> str:
    """Return a synonym in `share` of the cases in which there is one."""
    return rng.choice(SYNONYMS[word]) if word in SYNONYMS and rng.random() < share else word


def plural(noun: str) -> str:
    """Return the plural of an object's name or of another word for it."""
    return PLURALS.get(noun, noun + "s")


def _item(item: Item, rng: Random) -> str:
    """Say an item: "a tiny red car", "car red", "2 kittens", "three cat"."""
    noun = _other(item.name, rng, 0.25)
    size = "" if rng.random() < 0.2 else _other(SIZES[item.size], rng, 0.5)
    colour = "" if item.colour == "plain" else _other(item.colour, rng, 0.12)
    if item.count > 1:
        number = rng.choice(FEW) if rng.random() < 0.15 else _other(COUNTS[item.count], rng, 0.5)
        many = rng.choice([OBJECTS.get(noun, plural(noun)), plural(noun)])
        noun = noun if rng.random() < 0.1 and number not in FEW else many
    else:
        number = "an" if (size or colour or noun)[0] in "aeiou" else "a"
        number = rng.choice(["one", "1"]) if rng.random() < 0.08 else number
    words = [number, size, colour, noun]
    if colour and rng.random() < 0.12:
        words = [number, size, *rng.choice([(noun, colour), (f"{noun},", colour), (noun, f"({colour})")])]
    return " ".join(word for word in words if word)


def _subject(scene: Scene, rng: Random) -> Said:
    """Say the items and how they stand."""
    said = [(_item(item, rng), f"item {i}") for i, item in enumerate(scene.items)]
    if scene.kind != "pair":
        return said
    first, second = said
    here, there = scene.side, OPPOSITE[scene.side]
    way = rng.random()
    if way < 0.3:
        between = rng.choice([f"{here} of", f"to the {here} of", f"on the {here} of"])
        return [first, (between, "item 0"), second]
    if way < 0.6:
        sides = [(f"on the {here}", "item 0"), (f"on the {there}", "item 1")]
        one, other = zip(said, sides, strict=True)
        if rng.random() < 0.25:
            one, other = one[::-1], other[::-1]
        return [*one, (rng.choice(["and", ","]), "-"), *other]
    if way < 0.8 and here == "left":
        return [first, (rng.choice(["and", ",", "&"]), "-"), second]
    return [first, (rng.choice(NEAR), "-"), second]


def paraphrase(scene: Scene, variant: int) -> Said:
    """Say the scene as (words, what they speak of), as `grammar.phrases` does; some things stay unsaid."""
    rng = Random(f"paraphrase {variant} {scene.seed}")
    subject = _subject(scene, rng)
    where = [] if rng.random() < 0.12 else [(rng.choice(PLACES[scene.place]), "place")]
    when = rng.choice(TIMES[scene.time])
    setting = [*where, *([(when, "-")] if when and rng.random() < 0.92 else [])]
    if rng.random() < 0.3:
        rng.shuffle(setting)
    if setting and rng.random() < 0.3:
        said = [*setting, (rng.choice(JOINTS), "-"), *subject]
    else:
        said = [*subject, (rng.choice(["", "", "", ","]), "-"), *setting]
    if rng.random() < 0.5:
        said = [
            (" ".join(word for word in words.split() if word not in DROPPED), about) for words, about in said
        ]
    elif rng.random() < 0.2:
        said = [(rng.choice(OPENINGS), "-"), *said]
    said = [(words, about) for words, about in said if words]
    if rng.random() < 0.06:
        said.append((rng.choice(ENDINGS), "-"))
    if rng.random() < 0.25:
        i = rng.randrange(len(said))
        words, about = said[i]
        long = [word for word in words.split() if len(word) >= 4]
        if long:
            word = rng.choice(long)
            said[i] = (words.replace(word, misspell(word, rng)), about)
    return said


def words() -> set[str]:
    """Return every word that a paraphrase can hold when it is spelt rightly."""
    said = [*SYNONYMS, *PLURALS, *PLURALS.values(), *NEAR]
    for ways in (*SYNONYMS.values(), *PLACES.values(), *TIMES.values()):
        said += ways
    return {word for phrase in said for word in phrase.split()}
