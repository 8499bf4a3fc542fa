/**
 * Service worker: keeps the page and its model by content hash, serves them without a network, and adds the headers
 * that isolate the page (threads need them) and those of its policy, so that any static host will do.
 */

// self.PRECACHE = { version, policy, files: { path: { hash, bytes, onDemand } } }; the browser compares its bytes for updates.
importScripts("./precache.js");

const SCOPE = self.registration.scope;
const CACHE = `diffuscope ${SCOPE}`;
const FILES = self.PRECACHE.files;

/** What a file is kept under: its content, so that an update fetches only what changed. */
const key = (path) => new URL(`${FILES[path].hash}?${path}`, SCOPE).href;

/** The page's name for an address: "" and folders mean index.html. Null for what is not of this site. */
function pathOf(url) {
  if (!url.startsWith(SCOPE)) return null;
  const path = decodeURIComponent(new URL(url).pathname.slice(new URL(SCOPE).pathname.length));
  const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  return file in FILES ? file : null;
}

function guarded(response) {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  // The page says it itself; a worker's script hears it from here only.
  headers.set("Content-Security-Policy", self.PRECACHE.policy);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/**
 * The server's answer, and whether it has the bytes that this version promises. During a deploy, or from a cache on the
 * way, it may have those of another version: then it is asked once more, past all caches.
 */
async function fetchChecked(path, requests) {
  let response;
  for (const cache of requests) {
    response = await fetch(new URL(path, SCOPE), { cache });
    if (response.status !== 200) break;
    const bytes = await response.arrayBuffer();
    response = new Response(bytes, { headers: response.headers });
    if ((await hash(bytes)) === FILES[path].hash) return { response, right: true };
  }
  return { response, right: false };
}

/** As export/site.py writes it into precache.js. */
async function hash(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function answer(event, path) {
  // The engine asks to reload what does not match its digest.
  const trusted = event.request.cache !== "reload";
  const kept = trusted && (await caches.match(key(path), { cacheName: CACHE }));
  if (kept) return guarded(kept);
  const { response, right } = await fetchChecked(path, trusted ? ["no-cache", "reload"] : ["reload"]);
  if (right) {
    const cache = await caches.open(CACHE);
    // A full disk must not stop the page: it runs, and only is not there offline.
    event.waitUntil(cache.put(key(path), response.clone()).catch(() => {}));
  }
  return guarded(response);
}

/** Fetch what is not kept yet of the given paths: whether all are kept then, and which the server has otherwise. */
async function keep(paths) {
  const cache = await caches.open(CACHE);
  const stale = [];
  let all = true;
  for (const path of paths) {
    if (await cache.match(key(path))) continue;
    const { response, right } = await fetchChecked(path, ["no-cache", "reload"]);
    if (right) await cache.put(key(path), response).catch(() => (all = false));
    else all = false;
    if (!right && response.status === 200) stale.push(path);
  }
  return { all, stale };
}

async function forgetOldVersions() {
  const cache = await caches.open(CACHE);
  const current = new Set(Object.keys(FILES).map(key));
  for (const request of await cache.keys()) {
    if (!current.has(request.url)) await cache.delete(request);
  }
}

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOldVersions().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  // What must not be stored is kept by its asker: a model's files lie in the private file system.
  if (event.request.method !== "GET" || event.request.cache === "no-store") return;
  const path = pathOf(event.request.url);
  if (path) event.respondWith(answer(event, path));
  else if (event.request.url.startsWith(SCOPE)) event.respondWith(fetch(event.request).then(guarded));
});

self.addEventListener("message", (event) => {
  const { ask, paths = [] } = event.data;
  if (ask === "take over") self.skipWaiting();
  if (ask === "keep") {
    const wanted = Object.keys(FILES).filter((path) => !FILES[path].onDemand || paths.includes(path));
    event.waitUntil(
      keep(wanted)
        .catch(() => ({ all: false, stale: [] }))
        .then((outcome) => event.ports[0].postMessage(outcome)),
    );
  }
});
