/**
 * A picture of the visitor's own: a file, dropped or pasted. It is read here, and sent nowhere.
 */
import { EngineError } from "../engine/trouble.js";

const MOST = 1024; // pixels of the shorter side that are kept: no model here draws larger ones

/**
 * @param {Blob} file of any size; the way up that its camera noted is heeded
 * @returns {Promise<ImageBitmap>}
 * @throws {EngineError} the browser cannot read it
 */
export async function openPicture(file) {
  const whole = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => {
    const name = file instanceof File ? file.name : file.type;
    throw new EngineError({ code: "settings", reason: "picture-unreadable", values: { name } });
  });
  const times = Math.min(whole.width, whole.height) / MOST;
  if (times <= 1) return whole;
  const small = await createImageBitmap(whole, {
    resizeWidth: Math.round(whole.width / times),
    resizeHeight: Math.round(whole.height / times),
    resizeQuality: "high",
  });
  whole.close();
  return small;
}

/**
 * @param {DataTransfer} data dropped on the page, or pasted
 * @returns {File | undefined} the first picture in it
 */
export function pictureIn(data) {
  return [...data.files].find(({ type }) => type.startsWith("image/"));
}
