/**
 * PyScript watches the whole document, for ever and by an XPath over every new element, for scripts and event attributes
 * of its own. This page gives it one script; once that is found, nothing is to be watched until there is another.
 * PyScript has no switch for it, so its observer is kept when it is made.
 */

const EVERYTHING = { childList: true, subtree: true, attributes: true };

/** @type {Set<MutationObserver>} */
const observers = new Set();

/**
 * @template T
 * @param {() => Promise<T>} load a module that begins to observe the document
 * @returns {Promise<T>} the module
 */
export async function keepObservers(load) {
  const { observe } = MutationObserver.prototype;
  MutationObserver.prototype.observe = function (target, options) {
    if (target === document) observers.add(this);
    observe.call(this, target, options);
  };
  try {
    return await load();
  } finally {
    MutationObserver.prototype.observe = observe;
  }
}

/** Let the kept observers watch the document, or no longer. @param {boolean} on */
export function watching(on) {
  for (const observer of observers) {
    if (on) observer.observe(document, EVERYTHING);
    else observer.disconnect();
  }
}
