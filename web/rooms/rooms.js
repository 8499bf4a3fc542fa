/**
 * The rooms beside the stage. A room's code and style are loaded when it is first entered; its `name` stands in the address
 * (`room=lab/telephone`), `style` is as for views, and its module has the same `mount(element, tools, signal)`.
 *
 * @import { Mount } from "../views/mounting.js"
 * @typedef {{ name: string, style?: string[], load: () => Promise<{ mount: Mount }> }} Room
 */

import { GALLERY } from "../state/gallery.js";

/** @type {Room[]} */
export const ROOMS = [
  { name: GALLERY, style: ["rooms/gallery/gallery.css"], load: () => import("./gallery/gallery.js") },
];
