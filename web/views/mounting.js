/**
 * How a view comes to the page and leaves it: its styles, its element, and the signal that ends what it began.
 *
 * @import { Budget } from "../state/budget.js"
 * @import { Commands } from "../state/commands.js"
 * @import { Store } from "../state/store.js"
 * @import { Reach } from "./reach.js"
 */
import { h } from "./dom.js";

/**
 * What views and rooms work with: the state, what a visitor can do, what drawing may cost, and the way to other views.
 *
 * @typedef {{ store: Store, send: Commands, budget: Budget, reach: Reach }} Tools
 *
 * Fills an empty element. Whatever outlasts it (listeners elsewhere, subscriptions, observers, timers) ends with the
 * signal.
 * @typedef {(element: HTMLElement, tools: Tools, signal: AbortSignal) => void | Promise<void>} Mount
 *
 * `place` is one of index.html's; `style` are paths from the page, of sheets in a layer of style/layers.css and under `.name`.
 * @typedef {{ name: string, place: string, mount: Mount, style?: string[] }} View
 */

/** @type {Map<string, Promise<void>>} */
const worn = new Map();

/**
 * Load style sheets, each once. What cannot be loaded is reported, and the page goes on without it.
 *
 * @param {string[]} paths from the page
 */
export async function wear(paths) {
  for (const path of paths) if (!worn.has(path)) worn.set(path, link(path));
  await Promise.all(paths.map((path) => worn.get(path)));
}

/** @param {string} path @returns {Promise<void>} */
function link(path) {
  return new Promise((done) => {
    const failed = () => {
      worn.delete(path);
      console.warn("No style sheet:", path);
      done();
    };
    document.head.append(
      h("link", { rel: "stylesheet", href: `./${path}`, load: () => done(), error: failed }),
    );
  });
}

/** @param {string} name @returns {HTMLElement} one of index.html's places */
export function placeOf(name) {
  const place = document.querySelector(`[data-place="${name}"]`);
  if (!(place instanceof HTMLElement)) throw new Error(`index.html has no data-place="${name}".`);
  return place;
}

/**
 * Mount views until the signal. One that fails is taken away and reported; the others stay.
 *
 * @param {View[]} views
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mountAll(views, tools, signal) {
  // All elements first: views measure themselves, and each other's places make their own.
  const elements = views.map(({ name, place }) => {
    const element = h("section", { id: name, class: name });
    placeOf(place).append(element);
    return element;
  });
  for (const [k, { mount }] of views.entries()) {
    const end = new AbortController();
    end.signal.addEventListener("abort", () => elements[k].remove());
    signal.addEventListener("abort", () => end.abort(), { once: true });
    try {
      mount(elements[k], tools, end.signal);
    } catch (error) {
      end.abort();
      reportError(error);
    }
  }
}
