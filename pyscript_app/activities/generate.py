"""A picture, drawn step by step; its items are the loop's frames."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from pyscript_app.activities.drawing import Drawing
from pyscript_app.activities.tools import Tools
from pyscript_app.frame import Frame


async def run(wishes: dict[str, Any], tools: Tools) -> AsyncGenerator[Frame, None]:
    """Draw a picture.

    Args:
        wishes: As ``Drawing.read`` takes them.
        tools: Its past keeps where this run stands after each step.

    Raises:
        RefusalError: It cannot be drawn.
    """
    async with aclosing(Drawing.read(wishes, tools).draw(tools.id, tools)) as frames:
        async for frame in frames:
            yield frame
