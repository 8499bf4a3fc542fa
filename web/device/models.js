/**
 * The models that this page has, and their manifests.
 *
 * @import { Manifest, ModelEntry } from "../types"
 */
import { EngineError } from "../engine/trouble.js";

const ASK_FROM = 100e6; // bytes that nobody should fetch unawares

/** @returns {Promise<ModelEntry[]>} the page's own model first */
export async function listModels() {
  const response = await fetch("./models.json").catch(() => null);
  if (!response?.ok) {
    throw new EngineError({ code: "network", reason: "models-lost", file: "models.json" });
  }
  return (await response.json()).models;
}

/** @param {ModelEntry} entry @returns {string} its folder below the page's */
export function folderOf({ name }) {
  return `models/${name}/`;
}

/**
 * @param {ModelEntry} entry
 * @returns {Promise<string>} the text of its manifest
 */
export async function loadManifest(entry) {
  if (entry.opened) return entry.opened.manifest;
  const response = await fetch(`./${folderOf(entry)}manifest.json`).catch(() => null);
  const file = "manifest.json";
  if (!response) throw new EngineError({ code: "network", reason: "manifest-lost", file });
  if (!response.ok) {
    const values = { folder: folderOf(entry) };
    throw new EngineError({ code: "missing-file", reason: "manifest-absent", values, file });
  }
  return response.text();
}

/**
 * @param {ModelEntry} entry
 * @param {Record<string, number>} kept bytes on this device, by model
 * @returns {number} bytes that are still to be fetched
 */
export function missing(entry, kept) {
  return entry.opened ? 0 : Math.max(0, entry.bytes - (kept[entry.name] ?? 0));
}

/**
 * @param {ModelEntry} entry
 * @param {Record<string, number>} kept
 * @returns {boolean} whether to ask the visitor before it is fetched
 */
export function asksFirst(entry, kept) {
  return missing(entry, kept) >= ASK_FROM;
}
