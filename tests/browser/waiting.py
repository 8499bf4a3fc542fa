"""Waiting for something on a page under its policy, by the name that Playwright has for it.

Playwright's own has the page itself evaluate the expression again and again, which the policy refuses. Here the driver
asks again, which no policy concerns.
"""

from __future__ import annotations

import time

from playwright.sync_api import Error, Page

PATIENCE = 90_000  # milliseconds that anything may take on busy cores
BETWEEN = 50
# What Playwright says of an evaluation that a navigation ended.
INTERRUPTED = ("context was destroyed", "navigation")


def wait_for_function(
    page: Page, expression: str, *, timeout: float = PATIENCE, polling: float = BETWEEN
) -> None:
    """Wait until an expression, or the promise that it gives, is true; the page may reload meanwhile.

    Args:
        page: where it is evaluated.
        expression: JavaScript, or a function without arguments.
        timeout: milliseconds after which to give up.
        polling: milliseconds between two looks.

    Raises:
        AssertionError: it was not true in time.
    """
    deadline = time.monotonic() + timeout / 1000
    while time.monotonic() < deadline:
        try:
            if page.evaluate(expression):
                return
        except Error as error:
            if not any(sign in error.message for sign in INTERRUPTED):
                raise
        page.wait_for_timeout(polling)
    raise AssertionError(f"was never true: {expression}")


Page.wait_for_function = wait_for_function  # type: ignore[assignment,method-assign]
