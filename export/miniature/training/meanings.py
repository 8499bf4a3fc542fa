"""Other words for what the miniature draws: it never met them, so the page offers those that it knows instead."""

from export.miniature.scenes.grammar import OBJECTS
from export.miniature.scenes.paraphrases import SYNONYMS, plural
from export.miniature.training.tokenizer import known_words

UNTAUGHT = {
    "cat": ("feline", "pussycat", "tomcat", "lion", "tiger"),
    "dog": ("hound", "canine", "poodle", "wolf", "fox"),
    "fish": ("goldfish", "salmon", "trout", "shark"),
    "car": ("vehicle", "truck", "lorry", "van", "taxi", "cab", "bus", "jeep"),
    "boat": ("vessel", "yacht", "canoe", "ferry", "raft"),
    "rocket": ("shuttle", "missile"),
    "tree": ("pine", "palm", "fir", "birch", "willow"),
    "house": ("building", "villa", "barn", "castle", "church", "farmhouse"),
    "balloon": ("airship", "zeppelin"),
    "apple": ("fruit", "pear"),
    "mushroom": ("fungus", "champignon"),
    "star": ("comet", "meteor"),
    "red": ("ruby", "maroon"),
    "orange": ("amber", "tangerine"),
    "yellow": ("gold", "lemon"),
    "green": ("lime", "emerald", "olive"),
    "blue": ("navy", "azure", "turquoise", "cyan", "teal"),
    "purple": ("lavender", "mauve", "indigo"),
    "pink": ("rose", "magenta"),
    "beach": ("seashore", "strand"),
    "meadow": ("grassland", "pasture", "park", "garden"),
    "snow": ("frost",),
    "desert": ("sahara",),
    "sea": ("lake", "river", "pond", "bay"),
    "street": ("avenue", "lane", "alley", "highway"),
    "day": ("morning", "afternoon", "midday"),
    "sunset": ("twilight", "nightfall"),
    "small": ("wee", "miniature"),
    "big": ("enormous", "gigantic", "massive"),
}

PLURALS = {
    "birch": "birches",
    "bus": "buses",
    "church": "churches",
    "ferry": "ferries",
    "fox": "foxes",
    "fungus": "fungi",
    "goldfish": "goldfish",
    "lorry": "lorries",
    "salmon": "salmon",
    "trout": "trout",
    "wolf": "wolves",
}


def synonyms() -> dict[str, list[str]]:
    """List for words that the model never met the known one that means the same or nearly so; plurals too."""
    known = set(known_words())
    near: dict[str, list[str]] = {}
    for name in (*SYNONYMS, *UNTAUGHT):
        for said in (*SYNONYMS.get(name, ()), *UNTAUGHT.get(name, ())):
            near[said] = [name]
            if name in OBJECTS:
                near[PLURALS.get(said, plural(said))] = [OBJECTS[name]]
    return {said: near[said] for said in sorted(near) if said not in known and " " not in said}
