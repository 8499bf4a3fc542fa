/**
 * The browser's graphics adapter. The page says by it what this device can do, and the worker
 * (pyscript_app/browser/backend.py) chooses by it what computes: both import this module, and nothing else asks.
 *
 * @import { Adapter } from "../types"
 */

/** @returns {Promise<Adapter | null>} null where the browser has none, or gives none */
export async function findAdapter() {
  const { gpu } = /** @type {any} */ (navigator);
  // The one that onnxruntime-web takes.
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) return null;
  const { description, vendor, architecture, isFallbackAdapter } = adapter.info ?? {};
  const software = Boolean(isFallbackAdapter || architecture?.toLowerCase().includes("swiftshader"));
  const name = description || [vendor, architecture].filter(Boolean).join(" ") || "unnamed";
  return {
    name: software ? `${name} (in software)` : name,
    software,
    largest: Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize),
    halfFloats: adapter.features.has("shader-f16"),
  };
}
