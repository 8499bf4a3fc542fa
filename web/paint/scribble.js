/**
 * A scribble of marks as a picture.
 *
 * @import { Mark } from "../types"
 * @import { Size } from "./cover.js"
 */
import { surface } from "./cover.js";

const BLANK = [214, 217, 216];

/**
 * @param {Mark[]} marks
 * @param {Size} size
 * @returns {ImageData}
 */
export function paintScribble(marks, { width, height }) {
  const context = surface(width, height);
  context.fillStyle = css(BLANK);
  context.fillRect(0, 0, width, height);
  // What is filled lies under all lines, whenever it was filled.
  for (const mark of marks) {
    if (!("below" in mark)) continue;
    context.fillStyle = css(mark.ink);
    context.fillRect(0, Math.round(mark.below * height), width, height);
  }
  for (const mark of marks) if ("points" in mark) paintLine(context, mark);
  return context.getImageData(0, 0, width, height);
}

/**
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context Of the picture's size.
 * @param {Extract<Mark, { points: number[] }>} line Of one point: a dot.
 */
export function paintLine(context, { ink, width, points }) {
  const scale = context.canvas.width;
  context.strokeStyle = css(ink);
  context.lineWidth = width * scale;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.beginPath();
  // A line without any length would not be drawn at all.
  context.moveTo(points[0] * scale - 0.01, points[1] * scale);
  for (let k = 0; k < points.length; k += 2) context.lineTo(points[k] * scale, points[k + 1] * scale);
  context.stroke();
}

/** @param {number[]} ink */
export const css = (ink) => `rgb(${ink.join(" ")})`;
