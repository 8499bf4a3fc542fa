/** The page's end of the service worker: isolation, and being there without a network. */

const CONTROL_PATIENCE = 2000; // milliseconds
const RELOADED = "diffuscope: reloaded for isolation";

/**
 * Register the service worker; where a newer one waits, or where it makes this page isolated, reload once. Call it
 * before anything heavy loads: never resolves when the page is about to reload.
 */
export async function isolate() {
  if (!navigator.serviceWorker) return;
  try {
    // "none": also the list of files that it imports is asked for past the browser's cache.
    const registration = await navigator.serviceWorker.register("./sw.js", { updateViaCache: "none" });
    if (registration.waiting && navigator.serviceWorker.controller) {
      registration.waiting.postMessage({ ask: "take over" });
      // An old version that is still at work holds the new one up; this visit is then the old one's.
      if (await controllerChange()) await reload();
    }
    await navigator.serviceWorker.ready;
    await controlled();
    if (!globalThis.crossOriginIsolated && !sessionStorage.getItem(RELOADED)) {
      sessionStorage.setItem(RELOADED, "yes");
      await reload();
    }
    sessionStorage.removeItem(RELOADED);
  } catch (error) {
    // Private windows of some browsers refuse: the page runs all the same, with one thread and a network.
    console.warn("No service worker:", error);
  }
}

/**
 * Keep the whole page and these further files.
 *
 * @param {string[]} paths below the page's folder
 * @returns {Promise<{ all: boolean, stale: string[] }>} whether all of them are there without a network now, and which
 *   ones the server has with other bytes than this version of the page promises
 */
export async function keep(paths) {
  const worker = navigator.serviceWorker?.controller;
  if (!worker) return { all: false, stale: [] };
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((done) => {
    port1.onmessage = ({ data }) => done(data);
  });
  worker.postMessage({ ask: "keep", paths }, [port2]);
  return answer;
}

/** Wait until the service worker answers for this page; a page that was reloaded past it stays without. */
async function controlled() {
  if (!navigator.serviceWorker.controller) await controllerChange();
}

/** @returns {Promise<boolean>} whether another service worker took this page over soon */
function controllerChange() {
  return new Promise((done) => {
    navigator.serviceWorker.addEventListener("controllerchange", () => done(true), { once: true });
    setTimeout(() => done(false), CONTROL_PATIENCE);
  });
}

/** @returns {Promise<never>} */
function reload() {
  location.reload();
  return new Promise(() => {});
}
