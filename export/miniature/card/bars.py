"""What the miniature is asked to reach, and what of it `evaluation.json` says was reached."""

from collections.abc import Callable
from typing import Any, NamedTuple

Results = dict[str, Any]
SAID = {
    "position": "left and right",
    "all_atoms": "everything at once",
    "free_text": "everything, in free text",
    "unet": "UNet",
    "vae_decoder": "decoder",
}


class Bar(NamedTuple):
    """One figure that is asked for.

    `measured` finds it in the results (KeyError: it was not measured), `form` writes it, and `short` says by
    how much a figure misses the bar.
    """

    said: str
    wanted: float
    measured: Callable[[Results], float]
    form: Callable[[float], str] = lambda share: f"{share:.1%}"
    short: Callable[[float], str] = lambda gap: f"{100 * gap:.1f} points"
    at_most: bool = False

    def gap(self, value: float) -> float:
        """Return by how much a figure misses the bar; at 0 or below it is reached."""
        return value - self.wanted if self.at_most else self.wanted - value


def said(name: str) -> str:
    """Turn a name in the results into words."""
    return SAID.get(name, name.replace("_", " "))


def _task(name: str, wanted: float) -> Bar:
    """Return the bar of a task on pictures of the int8 export, the one that visitors use."""
    return Bar(said(name), wanted, lambda results: results["tasks"]["int8"][name]["score"])


def _lost(results: Results) -> float:
    """Return how many points int8 loses on everything at once."""
    int8, exact = (results["tasks"][kind]["all_atoms"]["score"] for kind in ("int8", "float"))
    return 100 * (exact - int8)


def _size(results: Results) -> float:
    """Return the bytes of the graphs that draw a picture."""
    return sum(results["bytes"][part] for part in ("text_encoder", "unet", "vae_decoder"))


def _number(places: int, unit: str = "") -> Callable[[float], str]:
    return lambda value: f"{value:,.{places}f}{unit}"


BARS = (
    _task("single_object", 0.97),
    _task("colours", 0.95),
    _task("two_objects", 0.92),
    _task("counting", 0.88),
    _task("position", 0.90),
    _task("colour_attribution", 0.85),
    _task("place", 0.98),
    _task("time", 0.98),
    _task("all_atoms", 0.85),
    _task("free_text", 0.85),
    Bar("autoencoder, PSNR", 27, lambda r: r["vae"]["psnr"], _number(1, " dB"), _number(1, " dB")),
    Bar(
        "error of v in objects at t = 500",
        0.10,
        lambda r: r["levels"]["500"]["object_v_mse"],
        _number(3),
        _number(3),
        at_most=True,
    ),
    Bar("attention of nouns, mean IoU", 0.55, lambda r: r["attention"]["miou"], _number(2), _number(2)),
    Bar("points that int8 loses", 1, _lost, _number(1), _number(1, " points"), at_most=True),
    Bar(
        "text encoder, UNet and decoder",
        16e6,
        _size,
        _number(0, " bytes"),
        _number(0, " bytes"),
        at_most=True,
    ),
)


def reached(results: Results) -> list[tuple[Bar, float | None]]:
    """Return every bar with what was reached, None where it was not measured."""

    def value(bar: Bar) -> float | None:
        try:
            return bar.measured(results)
        except KeyError:
            return None

    return [(bar, value(bar)) for bar in BARS]
