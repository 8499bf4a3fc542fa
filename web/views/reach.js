/** What a view lets the others do with it, by name, so that none looks for another's elements. */
export class Reach {
  /** @type {Map<string, Set<() => unknown>>} */
  #ways = new Map();

  /**
   * Say how something is reached: it takes the focus, or comes into sight.
   *
   * @param {string} name
   * @param {() => unknown} way gives false where it leads nowhere now
   * @param {AbortSignal} signal ends the offer
   */
  offer(name, way, signal) {
    const ways = this.#ways.get(name) ?? new Set();
    this.#ways.set(name, ways.add(way));
    signal.addEventListener("abort", () => ways.delete(way), { once: true });
  }

  /**
   * Go the way that was offered first and leads there.
   *
   * @param {string} name
   * @returns {boolean} whether there was one
   */
  go(name) {
    return [...(this.#ways.get(name) ?? [])].some((way) => way() !== false);
  }
}
