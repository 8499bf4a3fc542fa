/** How a download stands: bytes, how fast they come, and how long the rest will take. */

const REPORT_EVERY = 100; // milliseconds
const WINDOW = 5000; // milliseconds over which the rate is the mean
const SHORTEST = 1000; // milliseconds that must have passed before a rate means something

/**
 * @typedef {object} Stands
 * @property {number} bytes that are here
 * @property {number} total
 * @property {number | null} rate bytes a second; null while unknown
 * @property {number | null} remaining seconds; null while unknown
 */

/** Adds up what has arrived of several files and reports it ten times a second at most. */
export class Progress {
  #fetched = 0;

  /**
   * @param {Record<string, number>} here bytes that each file, by its path, has already
   * @param {number} total bytes of all of them when they are whole
   * @param {(stands: Stands) => void} report
   * @param {() => number} [now] milliseconds
   */
  constructor(here, total, report, now = () => performance.now()) {
    this.here = { ...here };
    this.total = total;
    this.report = report;
    this.now = now;
    this.samples = [{ time: now(), fetched: 0 }];
    this.#tell();
  }

  /** This many more bytes of a file came over the network. @param {string} path @param {number} size */
  arrived(path, size) {
    this.here[path] += size;
    this.#fetched += size;
    if (this.now() - /** @type {any} */ (this.samples.at(-1)).time >= REPORT_EVERY) this.#tell();
  }

  /** A file is this long now: it was begun again, or is whole. @param {string} path @param {number} size */
  stands(path, size) {
    this.here[path] = size;
    this.#tell();
  }

  /** All is here. */
  end() {
    this.#tell();
  }

  #tell() {
    const now = this.now();
    this.samples.push({ time: now, fetched: this.#fetched });
    while (now - this.samples[0].time > WINDOW && this.samples.length > 2) this.samples.shift();
    const [{ time, fetched }] = this.samples;
    const bytes = Object.values(this.here).reduce((sum, size) => sum + size, 0);
    const passed = now - time;
    const rate = passed >= SHORTEST ? ((this.#fetched - fetched) / passed) * 1000 : null;
    const remaining = rate ? (this.total - bytes) / rate : null;
    this.report({ bytes, total: this.total, rate, remaining });
  }
}
