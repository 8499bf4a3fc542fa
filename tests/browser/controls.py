"""The page's controls, by the names that visitors know them by."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

RUN = 120_000  # milliseconds that a short run may take on busy cores
STEPS_OUT = "The number of steps must be a whole number from 1 to 1000, not {}."
# Draws with the settings as they are.
PICTURE = (
    "diffuscope.generate({}).then(({ picture, settings }) => ({ settings, picture: [...picture.data] }))"
)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def prompt(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Prompt", exact=True)


def value(page: Page, setting: str) -> Locator:
    return page.locator(f"[data-setting={setting}] .value")


def finish(page: Page) -> None:
    expect(button(page, "Save")).to_be_visible(timeout=RUN)
