/**
 * A model's folder on the visitor's own disk: chosen, or dropped on the page. Nothing of it is sent anywhere.
 *
 * @import { Manifest, ModelEntry } from "../types"
 */

import { EngineError } from "../engine/trouble.js";
import { entryOf, pictureFiles } from "./needs.js";

/** What the page names an opened model by; no hosted model can have this name. */
export const OPENED = "opened:";

/**
 * Let the visitor choose a folder.
 *
 * @returns {Promise<Record<string, File> | null>} files by their path in it; null when the visitor changes their mind
 */
export async function chooseFolder() {
  const { showDirectoryPicker } = /** @type {any} */ (globalThis);
  if (!showDirectoryPicker) return chooseByInput();
  try {
    return await filesOfHandle(await showDirectoryPicker({ id: "model" }));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

/** @returns {Promise<Record<string, File> | null>} */
function chooseByInput() {
  const input = document.createElement("input");
  input.type = "file";
  input.webkitdirectory = true;
  return new Promise((done) => {
    input.addEventListener("cancel", () => done(null));
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      // "folder/weights/x.bin": the folder's own name goes.
      done(Object.fromEntries(files.map((file) => [file.webkitRelativePath.replace(/^[^/]*\//, ""), file])));
    });
    input.click();
  });
}

/**
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} [within]
 * @returns {Promise<Record<string, File>>}
 */
async function filesOfHandle(folder, within = "") {
  /** @type {Record<string, File>} */
  const files = {};
  for await (const handle of /** @type {any} */ (folder).values()) {
    const path = within + handle.name;
    if (handle.kind === "directory") Object.assign(files, await filesOfHandle(handle, `${path}/`));
    else files[path] = await handle.getFile();
  }
  return files;
}

/**
 * @param {DataTransfer} dropped
 * @returns {Promise<Record<string, File>> | null} null when it is no folder
 */
export function droppedFolder(dropped) {
  // The entries must be taken at once: after the event they are gone.
  const entry = [...dropped.items].map((item) => item.webkitGetAsEntry()).find((one) => one?.isDirectory);
  return entry ? filesOfEntry(/** @type {FileSystemDirectoryEntry} */ (entry)) : null;
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @param {string} [within]
 * @returns {Promise<Record<string, File>>}
 */
async function filesOfEntry(folder, within = "") {
  /** @type {Record<string, File>} */
  const files = {};
  const reader = folder.createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return files; // a reader gives them in portions
    for (const entry of some) {
      const path = within + entry.name;
      if (entry.isDirectory) {
        Object.assign(files, await filesOfEntry(/** @type {FileSystemDirectoryEntry} */ (entry), `${path}/`));
      } else {
        const file = /** @type {FileSystemFileEntry} */ (entry);
        files[path] = await new Promise((resolve, reject) => file.file(resolve, reject));
      }
    }
  }
}

/**
 * @param {Record<string, File>} files by path
 * @returns {Promise<ModelEntry>} the model that lies there
 * @throws {EngineError} when it is none, or not all of it is there
 */
export async function readFolder(files) {
  if (!files["manifest.json"]) throw unusable("folder-manifest");
  const text = await files["manifest.json"].text();
  const manifest = parse(text);
  for (const path of pictureFiles(manifest)) {
    const { bytes } = manifest.files[path];
    if (!files[path]) throw unusable("folder-lacks", { path });
    const { size } = files[path];
    if (size !== bytes) throw unusable("folder-size", { path, size, bytes });
  }
  return { ...entryOf(`${OPENED}${manifest.name}`, manifest), opened: { manifest: text, files } };
}

/** @param {string} text @returns {Manifest} with the parts that the page reads before Python checks the whole */
function parse(text) {
  try {
    const manifest = JSON.parse(text);
    const whole = manifest.graphs.unet && pictureFiles(manifest).every((path) => manifest.files[path]);
    if (manifest.format && whole) return manifest;
  } catch {
    // said below
  }
  throw unusable("folder-other");
}

/** @param {string} reason @param {Record<string, string | number>} [values] */
function unusable(reason, values) {
  return new EngineError({ code: "missing-file", reason, values });
}
