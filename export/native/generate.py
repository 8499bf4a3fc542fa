"""Draw with the page's loop on native onnxruntime, and keep what it shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from export.format.errors import UserError
from export.format.manifest import Manifest
from export.native.runtime import NativeRuntime
from pyscript_app.frame import Frame
from pyscript_app.loop import Settings, Start, State, generate
from pyscript_app.model import Model
from pyscript_app.samplers import check_spacing

STEP_SHOWN, RESULT_SHOWN = 300, 2500  # milliseconds, in an animated picture


def check_picture_path(path: Path) -> None:
    """Raise a UserError unless pictures can be written to a file of this name."""
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise UserError(
            f"{path} does not end like a picture: try {path.stem}.png, or {path.stem}.gif for all steps."
        )


def settings_for(manifest: Manifest, **wishes: Any) -> Settings:
    """The model's default settings with the wishes that are not None.

    Raises:
        UserError: a wish cannot be drawn with.
    """
    said = {name: value for name, value in wishes.items() if value is not None}
    try:
        settings = Settings(**(manifest["defaults"] | said))
        if "spacing" in said:
            check_spacing(settings.sampler, settings.spacing)
        return settings
    except ValueError as error:
        raise UserError(str(error)) from error


def parse_gains(pairs: list[str]) -> dict[str, float]:
    """``["dog=0.5"]`` → ``{"dog": 0.5}``."""
    gains = {}
    for pair in pairs:
        word, _, factor = pair.rpartition("=")
        try:
            gains[word] = float(factor)
        except ValueError:
            word = ""
        if not word:
            raise UserError(f"--gain takes WORD=FACTOR, for instance dog=0.5, not {pair}.")
    return gains


def parse_slots(pairs: list[str]) -> dict[str, str]:
    """``["dog=cut"]`` → ``{"dog": "cut"}``."""
    slots = {}
    for pair in pairs:
        word, _, way = pair.rpartition("=")
        if not word or not way:
            raise UserError(f"--slots takes WORD=WAY, for instance dog=cut, not {pair}.")
        slots[word] = way
    return slots


def read_start(manifest: Manifest, path: Path, strength: float) -> Start:
    """A picture file to begin with; its middle is cut out where it is longer or wider than the model's pictures.

    What it lets through is white.

    Raises:
        UserError: it is no picture, or the strength does not lie between 0 and 1.
    """
    size = manifest["picture"]["width"], manifest["picture"]["height"]
    try:
        with Image.open(path) as picture:
            fitted = ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGBA"), size)
            opaque = Image.alpha_composite(Image.new("RGBA", size, "white"), fitted)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise UserError(f"{path} is no picture that can be read ({error}).") from error
    try:
        return Start(opaque.tobytes(), strength)
    except ValueError as error:
        raise UserError(str(error)) from error


def draw(
    runtime: NativeRuntime,
    settings: Settings,
    start: Start | State | None = None,
    last_only: bool = False,
) -> Iterator[Frame]:
    """The loop's frames, one for each step.

    Args:
        runtime: of the model.
        settings: what to draw.
        start: where to begin, if not in noise.
        last_only: draw the last picture alone.

    Raises:
        UserError: the settings cannot be drawn with.
    """
    frames = generate(settings, model_of(runtime), runtime, start=start, last_only=last_only)
    loop = asyncio.new_event_loop()
    try:
        while True:
            try:
                yield loop.run_until_complete(anext(frames))
            except StopAsyncIteration:
                return
            except ValueError as error:
                raise UserError(str(error)) from error
    finally:
        loop.run_until_complete(frames.aclose())
        loop.close()


def model_of(runtime: NativeRuntime) -> Model:
    """What the loop knows of a runtime's model.

    Raises:
        UserError: its files are damaged.
    """
    files = runtime.manifest["tokenizer"]
    try:
        vocab, merges = ((runtime.folder / files[file]).read_text("utf-8") for file in ("vocab", "merges"))
        return Model(runtime.manifest, vocab, merges)
    except (OSError, ValueError) as error:
        raise UserError(f"The model in {runtime.folder} is damaged ({error}); export it again.") from error


class Recorder:
    """Collects the frames of a run and writes them.

    Args:
        manifest: of the model that draws.
        settings: of the run.
        folder: where each frame's pictures go as soon as it comes; None keeps none.
        start: the picture that it began with, and the strength; as a trace tells them.
    """

    def __init__(
        self,
        manifest: Manifest,
        settings: Settings,
        folder: Path | None = None,
        start: Mapping[str, Any] | None = None,
    ) -> None:
        latent, picture = manifest["latent"], manifest["picture"]
        self.said = asdict(settings) | ({"start": start} if start else {})
        self.folder = folder
        self.shape = (latent["channels"], latent["height"], latent["width"])
        self.size = (picture["height"], picture["width"])
        self.rgb = np.array(latent["rgb"]["weight"]), np.array(latent["rgb"]["bias"])
        self.frames: list[Frame] = []
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, frame: Frame) -> None:
        """Keep a frame, and write its pictures."""
        self.frames.append(frame)
        if self.folder:
            stem = f"step-{frame.step:02}"
            self._picture(frame).save(self.folder / f"{stem}-picture.png")
            self._latent_view(frame).save(self.folder / f"{stem}-latent.png")
            self._attention_view(frame).save(self.folder / f"{stem}-attention.png")

    def save_picture(self, path: Path) -> None:
        """Write the last picture, in the format of the file's ending; ``.gif`` shows all steps one by one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        *earlier, last = (self._picture(frame) for frame in self.frames)
        if path.suffix.lower() == ".gif":
            first, *others = [*earlier, last]
            lasting = [STEP_SHOWN] * len(others) + [RESULT_SHOWN]
            first.save(path, save_all=True, append_images=others, duration=lasting, loop=0)
        else:
            last.save(path)

    def save_trace(self, path: Path) -> None:
        """Write the numbers of all steps as an ``.npz`` file.

        ``latents [S+1, C, h, w]`` (what the run began with first), ``x0``, ``eps_cond``, ``eps_uncond [S, C, h, w]``,
        ``timesteps [S]``, ``attention_<side> [S, T, side, side]``, ``picture [H, W, 3]`` and ``settings``
        (JSON).
        """
        frames = self.frames
        trace: dict[str, Any] = {
            "latents": np.stack([self._array(f) for f in (frames[0].latent_in, *(f.latent for f in frames))]),
            **{
                name: np.stack([self._array(getattr(f, name)) for f in frames])
                for name in ("x0", "eps_cond", "eps_uncond")
            },
            "timesteps": np.array([f.timestep for f in frames], np.float32),
            **{
                f"attention_{side}": np.stack([_squares(f.attention[side], side) for f in frames])
                for side in frames[0].attention
            },
            "picture": np.asarray(self._picture(frames[-1])),
            "settings": np.array(json.dumps(self.said)),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez_compressed(file, **trace)

    def _array(self, values: Any) -> np.ndarray:
        return np.asarray(values, np.float32).reshape(self.shape)

    def _picture(self, frame: Frame) -> Image.Image:
        rgba = np.asarray(frame.picture).astype(np.uint8).reshape(*self.size, 4)
        return Image.fromarray(rgba[..., :3])

    def _latent_view(self, frame: Frame) -> Image.Image:
        weight, bias = self.rgb
        colours = self._array(frame.latent).transpose(1, 2, 0) @ weight + bias  # (h, w, 3)
        return _enlarged(colours, self.size[0])

    def _attention_view(self, frame: Frame) -> Image.Image:
        """The words' maps side by side, each as bright as its own maximum allows."""
        count = max(len(frame.words), 1)
        side = self._largest_side(frame)
        maps = (
            np.asarray(frame.maps, np.float32).reshape(-1, side, side)
            if frame.words
            else np.zeros((1, side, side))
        )
        peaks = np.maximum(maps.max(axis=(1, 2), keepdims=True), 1e-9)
        row = np.concatenate(list(maps / peaks), axis=1)  # (S, words * S)
        assert row.shape[1] == count * side
        return _enlarged(np.repeat(row[..., None], 3, axis=2), self.size[0])

    @staticmethod
    def _largest_side(frame: Frame) -> int:
        return max(frame.attention)


def _squares(values: Any, side: int) -> np.ndarray:
    return np.asarray(values, np.float32).reshape(-1, side, side)


def _enlarged(colours: np.ndarray, height: int) -> Image.Image:
    """A picture of values 0-1 ``[h, w, 3]``, each cell a square of pixels, ``height`` of them high."""
    levels = (np.clip(colours, 0, 1) * 255).round().astype(np.uint8)
    cells, across = levels.shape[:2]
    return Image.fromarray(levels).resize((across * height // cells, height), Image.Resampling.NEAREST)
