/**
 * What this device can do, and which models it keeps: the worker writes them into the browser's own file system
 * (OPFS) as `models/<name>/<sha256>`, while a file is on its way as `<sha256>.part`.
 *
 * @import { Device, ModelEntry } from "../types"
 */

import { findAdapter } from "./adapter.js";

const FOLDER = "models";
const MOST_THREADS = 4; // that onnxruntime-web takes

/** @returns {Promise<Device>} */
export async function readDevice() {
  const [room, adapter] = await Promise.all([
    navigator.storage?.estimate?.().catch(() => null),
    findAdapter(),
  ]);
  const gigabytes = /** @type {{ deviceMemory?: number }} */ (navigator).deviceMemory;
  const isolated = globalThis.crossOriginIsolated ?? false;
  return {
    memory: gigabytes ? gigabytes * 1e9 : null,
    free: room?.quota === undefined ? null : Math.max(0, room.quota - (room.usage ?? 0)),
    threads: isolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1,
    isolated,
    adapter,
  };
}

/**
 * @param {ModelEntry[]} models
 * @returns {Promise<Record<string, number>>} bytes of each model's files that are here, whole or in part
 */
export async function readKept(models) {
  /** @type {Record<string, number>} */
  const kept = {};
  const folders = await openFolder();
  if (!folders) return kept;
  for (const { name, files } of models) {
    const folder = await folders.getDirectoryHandle(name).catch(() => null);
    if (!folder) continue;
    const sizes = await Promise.all(Object.keys(files).map((digest) => sizeOf(folder, digest)));
    kept[name] = sizes.reduce((sum, size) => sum + size, 0);
  }
  return kept;
}

/** @param {FileSystemDirectoryHandle} folder @param {string} digest @returns {Promise<number>} bytes */
async function sizeOf(folder, digest) {
  for (const name of [digest, `${digest}.part`]) {
    const handle = await folder.getFileHandle(name).catch(() => null);
    // While the worker writes a file, only the worker may look at it.
    const file = await handle?.getFile().catch(() => null);
    if (file) return file.size;
  }
  return 0;
}

/** Take a model off this device. @param {string} name */
export async function removeKept(name) {
  const folders = await openFolder();
  await folders?.removeEntry(name, { recursive: true }).catch((/** @type {DOMException} */ error) => {
    if (error.name !== "NotFoundError") throw error;
  });
}

/** Ask the browser not to throw away what this page keeps. */
export function keepForGood() {
  return navigator.storage?.persist?.().catch(() => false);
}

/** @returns {Promise<FileSystemDirectoryHandle | null>} null where nothing is kept, or the browser has no such place */
async function openFolder() {
  try {
    return await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER);
  } catch {
    return null;
  }
}
