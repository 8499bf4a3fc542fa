"""The types that are served beside the page, as somebody who embeds it compiles against them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from export.site.vendor import LIBRARIES

EXAMPLE = """
/// <reference path="diffuscope.d.ts" />
import type { Frame, Result } from "./diffuscope";

const { model, backend } = await window.diffuscope.ready;
const seen: number[] = [];
const listen = (frame: Frame) => seen.push(frame.sigma + frame.attention["16"].length);
const first: Result = await diffuscope.generate({ prompt: "a red car", steps: 4, gains: { red: 0.5 } }, listen);
const from = { run: first.id, step: 2, latent: first.frames[1].latent };
const { picture } = await diffuscope.generate({ from, slots: { car: "cut" }, spacing: "late" });
document.createElement("canvas").getContext("2d")?.putImageData(picture, 0, 0);
const wide: [string, "webgpu" | "wasm", number] = [model.title, backend, model.picture.width];
// @ts-expect-error
await diffuscope.generate({ prompt: 7 });
// @ts-expect-error
diffuscope.stop();
export { wide };
"""


def test_an_example_compiles_against_the_served_types(built: Path, tmp_path: Path) -> None:
    shutil.copy(built / "diffuscope.d.ts", tmp_path)
    assert not (built / "types.d.ts").exists()
    (tmp_path / "example.ts").write_text(EXAMPLE, "utf-8")
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext"]
    done = subprocess.run(
        [LIBRARIES / ".bin/tsc", *options, "--lib", "es2022,dom", "example.ts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
