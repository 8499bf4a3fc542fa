"""What the page's worker runs: the engine's commands, by the names that web/worker.js calls."""

from pyscript_app.browser.engine import cancel, decode, generate, pause, read_prompt, resume, start, step

__export__ = ["cancel", "decode", "generate", "pause", "read_prompt", "resume", "start", "step"]
