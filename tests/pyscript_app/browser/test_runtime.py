"""The runtime on onnxruntime-web: what a run's time holds."""

from __future__ import annotations

import asyncio
from time import perf_counter
from types import SimpleNamespace
from typing import Any

from pyscript_app.browser.runtime import WebRuntime

ON_THE_CARD = 0.05  # seconds that the card goes on after the run's promise is kept


def test_a_run_on_a_graphics_card_lasts_until_the_card_is_through_with_it() -> None:
    async def run(_: Any) -> Any:
        return SimpleNamespace(output="a tensor that stays on the card")

    async def get(_: str) -> Any:
        return SimpleNamespace(run=run)

    async def scene() -> float:
        graphs = {"unet": {"outputs": {"output": {}}}}
        sessions: Any = SimpleNamespace(lacks=lambda _: False, get=get)
        runtime = WebRuntime(None, graphs, sessions, lambda: asyncio.sleep(ON_THE_CARD))
        began = perf_counter()
        await runtime.run("unet", {})
        return perf_counter() - began

    assert asyncio.run(scene()) >= ON_THE_CARD
