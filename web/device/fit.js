/**
 * Whether a model will run on a device, in one sentence.
 *
 * @import { Device, ModelEntry } from "../types"
 */

import { size, t } from "../text/text.js";
import { missing } from "./models.js";

const HEAVY = 200e6; // weights from which a processor alone makes the visitor wait for minutes
const BESIDE = 0.2e9; // bytes that the page, Python and the engine take beside a model
const WASM_ROOM = 4e9; // bytes that the engine can reach where the processor computes

/**
 * @param {ModelEntry} model
 * @param {Device} device
 * @param {Record<string, number>} kept bytes on this device, by model
 * @returns {{ runs: boolean, sentence: string }} `sentence` says why it will not run, or why it will be slow; "" when
 *   nothing speaks against it
 */
export function fit(model, device, kept) {
  const refuse = (/** @type {string} */ sentence) => ({ runs: false, sentence });
  const warn = (/** @type {string} */ sentence) => ({ runs: true, sentence });
  const fetched = missing(model, kept);
  if (device.free !== null && fetched > device.free) {
    return refuse(t("fit.room", { need: size(fetched), free: size(device.free) }));
  }
  // Stable Diffusion 1.5 in int8+w4 takes 3.3 GB where the processor computes (make bench-sd15), by this 3.7.
  const need = 3 * model.bytes + 2 * (model.largest ?? 0) + BESIDE;
  if (device.memory !== null && need > device.memory) {
    return refuse(t("fit.memory", { need: size(need), memory: size(device.memory) }));
  }
  const { adapter } = device;
  const piece = model.largest ?? 0;
  if (!adapter && need > WASM_ROOM) return refuse(t("fit.wasm", { need: size(need) }));
  const heavy = model.parameters > HEAVY;
  if (adapter && piece > adapter.largest) {
    return warn(t("fit.piece", { piece: size(piece), most: size(adapter.largest) }));
  }
  if (heavy && !adapter)
    return warn(t(device.isolated ? "fit.slow" : "fit.slow.alone", { count: device.threads }));
  if (device.memory !== null && need > device.memory / 2) {
    return warn(t("fit.tight", { need: size(need), memory: size(device.memory) }));
  }
  return { runs: true, sentence: "" };
}
