/** Frames in less memory: what stays as it is to the bit, what is rounded and how far, and what is shared. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, pack, round, unpack, widen } from "../../web/runs/packing.js";
import { frame, install, values } from "./canvases.js";

install();

const LATENTS = ["latentIn", "latent", "x0", "epsUncond", "epsCond", "eps"];
const LEVEL = 0.502 / 255; // half of what lies between two levels, of values from 0 to 1

test("latents and predictions come back to the bit, and all that is no array as well", async () => {
  const frames = [frame({ steps: 2 }), frame({ step: 2, steps: 2 })];
  frames[0].x0.set([Number.NaN, Number.NEGATIVE_INFINITY, -0, 1e-45]);
  const bits = (/** @type {any} */ one) => LATENTS.map((name) => Buffer.from(one[name].slice().buffer));
  const before = frames.map(bits);
  const again = await unpack(await pack(frames));
  assert.deepEqual(again.map(bits), before);
  for (const [index, one] of again.entries()) {
    const { step, steps, words, ms } = frames[index];
    assert.deepEqual([one.step, one.steps, one.words, one.ms], [step, steps, words, ms]);
    assert.deepEqual(Object.keys(one).toSorted(), Object.keys(frames[index]).toSorted());
  }
});

test("each row is rounded on a scale of its own: faint words are not lost beside loud ones", () => {
  const loud = values(1000);
  const faint = loud.map((value) => value / 1e4);
  const widened = widen(round(Float32Array.from([...loud, ...faint]), 2));
  for (const [index, value] of loud.entries()) {
    assert.ok(Math.abs(widened[index] - value) <= LEVEL);
    assert.ok(Math.abs(widened[1000 + index] - value / 1e4) <= LEVEL / 1e4);
  }
  assert.deepEqual(widen(round(Float32Array.of(3, 3, 0, 0), 2)), Float32Array.of(3, 3, 0, 0));
  assert.deepEqual(widen(round(new Float32Array(), 0)), new Float32Array());
});

test("attention and maps come back rounded, each in its place", async () => {
  const [one] = await unpack(await pack([frame()]));
  const { attention, maps, meanMaps } = frame();
  for (const [ours, theirs] of [
    [one.maps, maps],
    [one.meanMaps, meanMaps],
    ...Object.entries(attention).map(([side, each]) => [one.attention[side], each]),
  ]) {
    assert.equal(ours.length, theirs.length);
    assert.ok(ours.every((value, index) => Math.abs(value - theirs[index]) <= LEVEL));
  }
});

test("pictures become files, of which the finished one rounds nothing", async () => {
  const frames = [frame(), frame(), frame()];
  const packed = await pack(frames);
  const types = packed.map(({ preview }) => (preview instanceof Blob ? preview.type : ""));
  assert.deepEqual(types, ["image/webp", "image/webp", "image/png"]);
  for (const [index, { preview }] of (await unpack(packed)).entries())
    assert.equal(preview, frames[index].preview);
});

test("where a browser makes no files, or fails to, the pictures stay", async () => {
  const { OffscreenCanvas } = globalThis;
  const failing = class extends OffscreenCanvas {
    convertToBlob() {
      return Promise.reject(new Error("no memory"));
    }
  };
  for (const Canvas of [undefined, failing]) {
    globalThis.OffscreenCanvas = /** @type {any} */ (Canvas);
    const one = frame();
    const packed = await pack([one]);
    assert.equal(packed[0].preview, one.preview);
    assert.equal((await unpack(packed))[0].preview, one.preview);
  }
  globalThis.OffscreenCanvas = OffscreenCanvas;
});

test("what a step began with is kept once, as what the one before ended with", async () => {
  const frames = [frame(), frame(), frame()];
  frames[1].latentIn = frames[0].latent.slice();
  frames[2].latentIn = frames[1].latent.map((value) => value + 1);
  const packed = await pack(frames);
  assert.equal(packed[1].latentIn, packed[0].latent);
  assert.equal(packed[2].latentIn, frames[2].latentIn);
  const each = packed.reduce((sum, one) => sum + bytesOf([one]), 0);
  assert.equal(bytesOf(packed), each - frames[0].latent.byteLength);
});

test("nothing is rounded twice, and runs that share steps share them packed", async () => {
  const frames = [frame(), frame(), frame()];
  const packed = await pack(frames);
  const again = [...(await pack(frames.slice(0, 2))), ...(await pack(await unpack(packed)))];
  for (const [index, one] of again.entries()) assert.equal(one, packed[[0, 1, 0, 1, 2][index]]);
  assert.equal(bytesOf([...packed, ...again]), bytesOf(packed));
});
