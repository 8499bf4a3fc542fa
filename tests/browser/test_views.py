"""Each view of the list comes to the page, leaves it without a trace, and comes back as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from export.site.site import WEB
from tests.browser.staged import show, staged

VIEWS = re.findall(r'\bname: "([\w-]+)"', (WEB / "views/views.js").read_text("utf-8"))

# In place of app.js: the places are empty, and a test mounts what it wants.
APP = """
import "./counts.js";
import { Budget } from "./state/budget.js";
import { commandsOf } from "./state/commands.js";
import { Store } from "./state/store.js";
import { loadText } from "./text/text.js";
import { mountAll, wear } from "./views/mounting.js";
import { Reach } from "./views/reach.js";
import { wearTheme } from "./views/theme.js";
import { VIEWS } from "./views/views.js";

const store = new Store();
const send = commandsOf(store, { survey() {}, runs: {} });
const offers = [];
class Counted extends Reach {
  offer(name, way, signal) {
    offers.push(signal);
    super.offer(name, way, signal);
  }
}
const tools = { store, send, budget: new Budget(store, () => {}), reach: new Counted() };
wearTheme(store);
await Promise.all([loadText("en"), wear(VIEWS.flatMap(({ style = [] }) => style))]);
const [first] = await send.recordings();
send.watch(first); // staged pages wait for its first step
Object.assign(globalThis, { store, tools, offers, mountAll, VIEWS });
"""

# Before any script of the page: what listens, observes, and asks for time.
COUNTS = """
const listening = new Set();
const observing = new Set();
const asked = { frames: 0, timers: 0 };
const wrap = (owner, method, around) => {
  const { [method]: original } = owner;
  owner[method] = function (...given) {
    return around.call(this, original, given);
  };
};
wrap(EventTarget.prototype, "addEventListener", function (add, [type, listener, options]) {
  const entry = { target: this, type, listener };
  listening.add(entry);
  options?.signal && add.call(options.signal, "abort", () => listening.delete(entry));
  return add.call(this, type, listener, options);
});
wrap(EventTarget.prototype, "removeEventListener", function (remove, [type, listener, options]) {
  for (const one of listening)
    if (one.target === this && one.type === type && one.listener === listener) listening.delete(one);
  return remove.call(this, type, listener, options);
});
for (const Observer of [ResizeObserver, MutationObserver, IntersectionObserver]) {
  wrap(Observer.prototype, "observe", function (observe, given) {
    observing.add(this);
    return observe.apply(this, given);
  });
  wrap(Observer.prototype, "disconnect", function (disconnect, given) {
    observing.delete(this);
    return disconnect.apply(this, given);
  });
}
for (const [method, kind] of [["requestAnimationFrame", "frames"], ["setTimeout", "timers"], ["setInterval", "timers"]])
  wrap(globalThis, method, function (ask, given) {
    asked[kind] += 1;
    return ask.apply(this, given);
  });
Object.assign(globalThis, { listening, observing, asked });
"""

# Name of a view -> what it had while it was there, what is left of it, and how it looked each time.
VISIT = """async (name) => {
  const view = VIEWS.find((one) => one.name === name);
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const outside = () => [...listening].filter(({ target }) =>
    target instanceof AbortSignal ? !target.aborted : !(target instanceof Node) || target.isConnected);
  const count = () => ({
    subscriptions: store.listeners.size,
    listeners: outside().length,
    observers: observing.size,
    offers: offers.filter((signal) => !signal.aborted).length,
  });
  const look = (element) => ({
    html: element.outerHTML.replace(/(popover|lens)-\\d+/g, "$1-n"),
    canvases: [...element.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()),
  });
  const before = count();
  const looks = [];
  const had = [];
  for (const _ of [1, 2]) {
    const end = new AbortController();
    mountAll([view], tools, end.signal);
    await wait(300);
    looks.push(look(document.getElementById(name)));
    had.push(count());
    for (const sheet of document.querySelectorAll("[popover]")) sheet.showPopover();
    end.abort();
    if (document.getElementById(name)) return `${name} is still there`;
  }
  await wait(700); // what was asked for before the end may still come, and asks for nothing more
  const waiting = wait(200);
  Object.assign(asked, { frames: 0, timers: 0 });
  dispatchEvent(new Event("resize"));
  await waiting;
  return { before, had, after: count(), looks, asked,
    station: document.documentElement.dataset.station ?? "" };
}"""


@pytest.fixture(scope="module")
def empty(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A page without views, which counts."""
    files = {"counts.js": COUNTS, "app.js": APP}
    with staged(chromium, site_url, files, reduced_motion="reduce") as page:
        yield page


@pytest.fixture
def visit(empty: Page) -> Callable[[str], Any]:
    """Mounts and unmounts a view twice while a run is under way, a word chosen and a part open."""

    def visited(name: str) -> Any:
        show(empty, done=5, run={"status": "running", "stage": "unet", "picture": None})
        empty.evaluate("store.set({ view: { word: 2, part: 3 } })")
        return empty.evaluate(VISIT, name)

    return visited


def test_every_view_of_the_list_is_tested(empty: Page) -> None:
    assert empty.evaluate("VIEWS.map(({ name }) => name)") == VIEWS


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_leaves_nothing_behind_and_comes_back_as_it_was(
    visit: Callable[[str], Any], name: str
) -> None:
    told = visit(name)
    assert told["after"] == told["before"]
    assert told["asked"] == {"frames": 0, "timers": 0}
    assert told["station"] == ""
    first, second = told["looks"]
    assert first == second


def test_what_is_counted_is_there_while_the_view_is(visit: Callable[[str], Any]) -> None:
    told = visit("stage")
    assert all(told["had"][0][kind] > count for kind, count in told["before"].items())
    assert len(told["looks"][0]["canvases"]) > 3


def test_a_view_that_fails_takes_no_other_with_it(empty: Page) -> None:
    reported = empty.evaluate(
        """() => {
          const reported = [];
          const heard = (event) => {
            event.preventDefault();
            reported.push(event.message);
          };
          addEventListener("error", heard);
          const bad = { name: "bad", place: "main", mount() { throw new Error("a bad view"); } };
          const end = new AbortController();
          mountAll([bad, VIEWS.find(({ name }) => name === "strip")], tools, end.signal);
          removeEventListener("error", heard);
          const left = [...document.querySelector("main").children].map(({ id }) => id);
          end.abort();
          return [reported, left];
        }"""
    )
    assert reported == [["Uncaught Error: a bad view"], ["strip"]]
