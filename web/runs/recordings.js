/**
 * Recorded runs: frames that the same loop computed beforehand (export/native/recordings.py), so that the page lives before
 * the engine does. A recording is one file, compressed: the length of a header, the header (JSON), then its parts.
 *
 * @import { Frame, Run, Settings } from "../types"
 * @import { Store } from "../state/store.js"
 */

import { PACES } from "../state/paces.js";
import { withRun, withRunShown } from "../state/runs.js";
import { shownRun } from "../state/selectors.js";
import { NO_RUN } from "../state/store.js";
import { readPictures } from "./pictures.js";

const FOLDER = "./recordings/";

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
 * Show a recorded run step by step, until it ends or something else is shown. A run that waits for the engine goes on
 * waiting behind it.
 *
 * @param {Store} store
 * @param {Entry} recording
 */
export async function playRecording(store, { name, model: drawer }) {
  const turn = ++asked;
  const before = shownRun(store.state);
  const [{ settings, frames }, model] = await Promise.all([
    loadRecording(name),
    fetch(`./models/${drawer}/manifest.json`).then((response) => response.json()),
  ]);
  const now = shownRun(store.state);
  const another = now.id !== before.id && now.source === "live" && !now.queued;
  if (turn !== asked || another) return;
  if (now.error && now.error !== before.error) return; // something went wrong meanwhile, and is said
  if (now.source === "live" && (now.status === "running" || now.status === "paused")) return;
  if (now.source === "live" && now.status === "waiting")
    store.set(withRun(store.state, now.id, { queued: true }));
  const id = `recording-${name}`;
  /** @type {Frame[]} what the run holds so far; those of another play of it end this one */
  let played = [];
  /** @type {Run} */
  const run = {
    ...NO_RUN,
    status: "running",
    source: "recorded",
    settings,
    model,
    steps: frames.length,
    msPerStep: PACES.usual.played,
    frames: played,
    started: performance.now(),
  };
  store.set(withRunShown(store.state, id, run));
  while (played.length < frames.length && store.state.runs.shown === id) {
    await new Promise((done) => setTimeout(done, PACES[store.state.view.pace].played));
    if (store.state.runs.byId[id]?.frames !== played) return;
    played = frames.slice(0, played.length + 1);
    store.set(withRun(store.state, id, { frames: played }));
  }
  // Of one that is on show no longer, nobody watches the rest.
  store.set(
    withRun(store.state, id, { status: "finished", frames, picture: frames[frames.length - 1].preview }),
  );
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
  const previews = await readPictures(
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
