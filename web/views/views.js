/**
 * The page's views, in their order. Those in "main" make up the stage, and give way to a room; the others stay.
 *
 * @import { View } from "./mounting.js"
 */
import * as ask from "./ask/ask.js";
import * as drop from "./drop/drop.js";
import * as head from "./head/head.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as lost from "./lost/lost.js";
import * as parts from "./parts/parts.js";
import * as sheet from "./sheet/sheet.js";
import * as side from "./side/side.js";
import * as skip from "./skip/skip.js";
import * as slots from "./slots/slots.js";
import * as stage from "./stage/stage.js";
import * as strip from "./strip/strip.js";

/** @type {View[]} */
export const VIEWS = [
  { name: "skip", place: "head", mount: skip.mount, style: ["views/skip/skip.css"] },
  { name: "head", place: "head", mount: head.mount, style: ["views/head/head.css", "views/head/models.css"] },
  { name: "slots", place: "head", mount: slots.mount, style: ["views/slots/slots.css"] },
  { name: "lost", place: "head", mount: lost.mount, style: ["views/lost/lost.css"] },
  { name: "ask", place: "main", mount: ask.mount, style: ["views/ask/ask.css", "views/ask/start.css"] },
  {
    name: "stage",
    place: "main",
    mount: stage.mount,
    style: ["views/stage/stage.css", "views/stage/words.css"],
  },
  { name: "side", place: "main", mount: side.mount, style: ["views/side/side.css"] },
  {
    name: "sheet",
    place: "main",
    mount: sheet.mount,
    style: ["views/sheet/sheet.css", "views/sheet/causes.css", "views/sheet/hand.css"],
  },
  { name: "strip", place: "main", mount: strip.mount, style: ["views/strip/strip.css"] },
  { name: "parts", place: "main", mount: parts.mount, style: ["views/parts/parts.css"] },
  { name: "shortcuts", place: "main", mount: keys.mount },
  { name: "live", place: "live", mount: live.mount },
  { name: "drop", place: "live", mount: drop.mount, style: ["views/drop/drop.css"] },
];
