/**
 * What this device can do.
 *
 * @import { Device } from "../types"
 */

import { findAdapter } from "./adapter.js";

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
