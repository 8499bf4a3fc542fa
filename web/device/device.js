/**
 * What this device can do.
 *
 * @import { Device } from "../types"
 */

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

/** @returns {Promise<Device["adapter"]>} */
async function findAdapter() {
  const { gpu } = /** @type {any} */ (navigator);
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) return null;
  const { description, device, architecture, vendor } = adapter.info ?? {};
  return {
    name: description || device || architecture || vendor || "",
    largest: Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize),
    halfFloats: adapter.features.has("shader-f16"),
  };
}
