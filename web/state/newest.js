/**
 * Work of which the newest asking counts: one is done at a time, and of all that are asked for meanwhile the last one follows.
 * That is as often as the device can.
 *
 * @template T
 * @param {(asked: T) => Promise<unknown>} work
 * @returns {(asked: T) => Promise<void>} settles when nothing is left to be done; rejects with what failed, and what was
 *   asked for meanwhile is not done then
 */
export function newest(work) {
  /** @type {{ asked: T } | null} */
  let waiting = null;
  /** @type {Promise<void> | null} */
  let going = null;
  const go = async () => {
    try {
      while (waiting) {
        const { asked } = waiting;
        waiting = null;
        await work(asked);
      }
    } finally {
      waiting = null;
      going = null;
    }
  };
  return (asked) => {
    waiting = { asked };
    going ??= go();
    return going;
  };
}
