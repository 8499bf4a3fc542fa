// Elements, icons and sizes: the little that every view needs.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [attributes] `class`, ARIA and other attributes; functions are listeners (`click`);
 *   true stands for an empty attribute, false, null and undefined for none.
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, /** @type {EventListener} */ (value));
    else set(element, name, value);
  }
  element.append(...nodes(children));
  return element;
}

/**
 * Make an SVG element.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...SVGElement} children
 * @returns {SVGElement}
 */
export function s(tag, attributes = {}, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children);
  return element;
}

/**
 * Set an attribute only where it changes.
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
export function set(element, name, value) {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  // The page's policy refuses style attributes as text, and takes the same words from a script's own hand.
  if (name === "style") /** @type {HTMLElement | SVGElement} */ (element).style.cssText = text;
  else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Set the text of an element only where it changes, so that nothing is laid out or read aloud again without need.
 * @param {Element} element
 * @param {string | number} text
 */
export function say(element, text) {
  if (element.textContent !== String(text)) element.textContent = String(text);
}

/** @param {(Child | Child[])[]} children */
function nodes(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (typeof child === "number" ? String(child) : /** @type {Node | string} */ (child)));
}

/**
 * Replace the children of an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
}

/**
 * Replace the children of an element only where their text changes, so that nothing is read aloud again without need.
 * @param {Element} element
 * @param {(Node | string)[]} children
 */
export function tell(element, children) {
  const text = children.map((child) => (typeof child === "string" ? child : child.textContent)).join("");
  if (element.textContent !== text) fill(element, children);
}

/**
 * A length of the stage's units as CSS: a unit is a sixteenth of the root size.
 * @param {number} units
 */
export function rem(units) {
  return `${units / 16}rem`;
}

/** @returns {number} CSS pixels of one of the stage's units */
export function unitOf() {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

/** Paths in a box of 24, drawn with a round pen. */
const ICONS = {
  play: '<path d="M7 4.5v15l12-7.5z" fill="currentColor" stroke="none"/>',
  pause: '<path d="M8 5v14M16 5v14" stroke-width="3.4" stroke-linecap="butt"/>',
  next: '<path d="M6 5.5v13l8-6.5zM17.5 5.5v13"/>',
  pace: '<path d="M4.5 17a8.5 8.5 0 1 1 15 0M12 13.5l4-4.5"/><circle cx="12" cy="13.5" r="1.2" fill="currentColor"/>',
  back: '<path d="M18 5.5v13L10 12zM6.5 5.5v13"/>',
  first: '<path d="M18.5 6l-6 6 6 6M11 6l-6 6 6 6"/>',
  close: '<path d="M6 6l12 12M18 6L6 18"/>',
  dice: '<rect x="4" y="4" width="16" height="16" rx="2.5"/><path d="M8.5 8.5h.01M15.5 8.5h.01M12 12h.01M8.5 15.5h.01M15.5 15.5h.01" stroke-width="2.6"/>',
  theme: '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" stroke="none"/>',
  check: '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
  now: '<circle cx="12" cy="12" r="5" fill="var(--now)" stroke="var(--now-edge)" stroke-width="2"/>',
  wait: '<circle cx="12" cy="12" r="5"/>',
  note: '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8h.01" stroke-width="2"/>',
  stop: '<path d="M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7zM12 8v5M12 16h.01"/>',
  down: '<path d="M6 10l6 6 6-6"/>',
  up: '<path d="M6 14l6-6 6 6"/>',
  left: '<path d="M14 6l-6 6 6 6"/>',
  right: '<path d="M10 6l6 6-6 6"/>',
  nine: '<path d="M6 6h.01M12 6h.01M18 6h.01M6 12h.01M12 12h.01M18 12h.01M6 18h.01M12 18h.01M18 18h.01" stroke-width="4"/>',
  save: '<path d="M12 4v11M7.5 11L12 15.5 16.5 11M5 19.5h14"/>',
};

/**
 * An icon; what it means is said by the element round it.
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const element = s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" });
  element.innerHTML = ICONS[name];
  return element;
}

/**
 * Call back whenever the size of an element changes, and at first.
 * @param {Element} element
 * @param {() => void} listener
 * @param {AbortSignal} signal
 */
export function sized(element, listener, signal) {
  const observer = new ResizeObserver(listener);
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
