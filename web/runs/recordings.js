/**
 * Recorded runs: frames that the same loop computed beforehand (export/native/recordings.py), so that the page lives before
 * the engine does. A recording is one file, compressed: the length of a header, the header (JSON), then its parts.
 *
 * @import { Frame, Manifest, Settings, Word } from "../types"
 * @import { Store } from "../state/store.js"
 */

const FOLDER = "./recordings/";
const PACE = 320; // milliseconds a step

/** Counts what was asked to be played: the newest wins, however long another takes to load. */
let asked = 0;

/** @typedef {{ name: string, model: string, settings: Settings, bytes: number }} Entry `model` drew it */

/**
 * A part of the file: 8-bit values, value = low + (high - low) · byte / 255.
 *
 * @typedef {{ offset: number, length: number, low: number, high: number }} Part
 */

/**
 * The header: what a frame holds, arrays as parts, and the place of all previews, one below the other, as one WebP.
 *
 * @typedef {object} Header
 * @property {Settings} settings
 * @property {Record<string, any>[]} frames
 * @property {{ offset: number, length: number }} previews
 */

/** @returns {Promise<Entry[]>} none where there are none */
export async function listRecordings() {
  const response = await fetch(`${FOLDER}index.json`).catch(() => null);
  if (!response?.ok) return [];
  const { model, runs } = await response.json();
  return runs.map((/** @type {Entry} */ run) => ({ ...run, model }));
}

/**
 * Show a recorded run step by step as the store's `run`, until it ends or something else becomes the run. A run that
 * waits for the engine goes on waiting behind it.
 *
 * @param {Store} store
 * @param {Entry} recording
 */
export async function playRecording(store, { name, model: drawer }) {
  const turn = ++asked;
  const live = () => (store.state.run.source === "live" ? store.state.run.settings : null);
  const before = live();
  const { error } = store.state.run;
  const [{ settings, frames }, model] = await Promise.all([
    loadRecording(name),
    fetch(`./models/${drawer}/manifest.json`).then((response) => response.json()),
  ]);
  const last = frames[frames.length - 1];
  const { source, status, queued } = store.state.run;
  if (turn !== asked || (live() !== before && !queued)) return;
  if (store.state.run.error && store.state.run.error !== error) return; // something went wrong meanwhile, and is said
  if (source === "live" && (status === "running" || status === "paused")) return;
  /** @type {Frame[]} what the run holds so far; anybody else's frames end the play */
  let shown = [];
  const run = {
    id: "",
    skipped: 0,
    source: /** @type {const} */ ("recorded"),
    settings,
    model: /** @type {Manifest} */ (model),
    steps: frames.length,
    stage: "",
    queued: queued || status === "waiting",
    msPerStep: PACE,
  };
  store.set({
    run: { ...run, status: "running", frames: shown, picture: null, error: null, started: performance.now() },
  });
  for (const frame of frames) {
    await new Promise((done) => setTimeout(done, PACE));
    if (store.state.run.frames !== shown) return;
    shown = [...shown, frame];
    store.set({ run: { frames: shown } });
  }
  if (store.state.run.status === "running") store.set({ run: { status: "finished" } });
  store.set({ run: { picture: last.preview } });
}

/**
 * @param {string} name
 * @returns {Promise<{ settings: Settings, frames: Frame[] }>}
 */
export async function loadRecording(name) {
  const response = await fetch(`${FOLDER}${name}.run`);
  if (!response.ok || !response.body) throw new Error(`There is no recording ${name}.`);
  const content = await new Response(
    response.body.pipeThrough(new DecompressionStream("gzip")),
  ).arrayBuffer();
  const headerLength = new DataView(content).getUint32(0, true);
  /** @type {Header} */
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, headerLength)));
  const body = content.slice(4 + headerLength);
  const previews = await cutPreviews(
    new Blob([new Uint8Array(body, header.previews.offset, header.previews.length)]),
    header.frames.length,
  );
  const frames = header.frames.map(
    (fields, index) => /** @type {Frame} */ ({ ...thaw(fields, body), preview: previews[index] }),
  );
  return { settings: header.settings, frames };
}

/**
 * @param {any} value of a header
 * @param {ArrayBuffer} body
 * @returns {any} the same with every part as a Float32Array
 */
function thaw(value, body) {
  if (Array.isArray(value)) return value.map((each) => thaw(each, body));
  if (typeof value !== "object" || value === null) return value;
  if ("offset" in value) {
    const { offset, length, low, high } = /** @type {Part} */ (value);
    return Float32Array.from(
      new Uint8Array(body, offset, length),
      (byte) => low + ((high - low) * byte) / 255,
    );
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, thaw(each, body)]));
}

/**
 * @param {Blob} image `count` pictures, one below the other
 * @param {number} count
 */
async function cutPreviews(image, count) {
  const bitmap = await createImageBitmap(image);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
  context.drawImage(bitmap, 0, 0);
  const height = bitmap.height / count;
  return Array.from({ length: count }, (_, index) =>
    context.getImageData(0, index * height, bitmap.width, height),
  );
}
