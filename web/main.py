"""What the page's worker runs: the engine's commands, by the names that web/engine/worker.js calls."""

from pyscript_app.browser.commands import (
    cancel,
    decode,
    noise_shares,
    pause,
    read_prompt,
    rest,
    resume,
    retain,
    run,
    start,
    step,
    take_step,
)

__export__ = [
    "cancel",
    "decode",
    "noise_shares",
    "pause",
    "read_prompt",
    "rest",
    "resume",
    "retain",
    "run",
    "start",
    "step",
    "take_step",
]
