"""What the loop needs to know of an exported model: its shapes, schedule, tokenizer, and what draws its latents."""

from __future__ import annotations

from pyscript_app.manifest import Manifest
from pyscript_app.refusal import RefusalError, choices
from pyscript_app.schedule import Schedule
from pyscript_app.tokenizer import Tokenizer

# The graph behind each kind of preview, the dearest first; the full decoder is always there.
PREVIEWS = {"full": "vae_decoder", "tiny": "preview_decoder", "linear": "latent_rgb"}


class Model:
    """An exported model, as far as the loop needs to know it."""

    def __init__(self, manifest: Manifest, vocab: str, merges: str) -> None:
        """Read a checked manifest, and the texts of the two tokenizer files that it names."""
        latent, words = manifest["latent"], manifest["tokenizer"]
        self.shape = (latent["channels"], latent["height"], latent["width"])
        self.size = (manifest["picture"]["height"], manifest["picture"]["width"])
        self.sides = {entry["side"]: entry["output"] for entry in manifest["attention"]}
        self.guidance = manifest.get("guidance", "classifier-free")
        # Without and with the prompt, or once.
        self.batch = 2 if self.guidance == "classifier-free" else 1
        self.takes_pictures = "vae_encoder" in manifest["graphs"]
        self.previews = {name: graph for name, graph in PREVIEWS.items() if graph in manifest["graphs"]}
        self.schedule = Schedule.from_config(manifest["scheduler"])
        self.tokenizer = Tokenizer.from_text(
            vocab,
            merges,
            **{key: words[key] for key in ("bos", "eos", "pad", "length", "known_words")},
            synonyms=words.get("synonyms"),
            added=words.get("added", {}),
        )

    def painters(self, preview: str, every: int, steps: int) -> list[str]:
        """The graph that draws each step's picture; the last is always the full decoder's.

        Args:
            preview: One of PREVIEWS.
            every: With "full", which steps it draws: each of this number, and the cheapest preview the others.
            steps: How many.

        Raises:
            RefusalError: The model has no graph for it.
        """
        if preview not in self.previews:
            raise RefusalError("preview-absent", value=repr(preview), choices=choices(self.previews))
        graphs = [self.previews[preview]] * steps
        if preview == "full" and every > 1:
            *_, cheapest = self.previews.values()
            if cheapest == graphs[0]:
                raise RefusalError("preview-cheaper")
            graphs = [graphs[0] if number % every == 0 else cheapest for number in range(1, steps + 1)]
        return [*graphs[:-1], self.previews["full"]]

    def check_picture(self, numbers: int) -> None:
        """Raise a RefusalError unless a run can begin at a picture of so many numbers (H × W × 4)."""
        height, width = self.size
        if not self.takes_pictures:
            raise RefusalError("start-encoder")
        if numbers != height * width * 4:
            raise RefusalError("start-size", width=width, height=height)
