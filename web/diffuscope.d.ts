/**
 * What the page offers to people who embed it. Arrays are in C order; C, h, w is the latent's shape, H, W the picture's,
 * T = 77 the slots of a prompt, S the side of the largest attention map.
 */

declare global {
  var diffuscope: Diffuscope;
  interface Window {
    diffuscope: Diffuscope;
  }
}

/** `window.diffuscope`, there from the start. */
export interface Diffuscope {
  ready: Promise<{ model: Manifest; backend: Backend; adapter: string; threads: number }>;
  /**
   * Draw a picture. A second call cancels the picture before it, whose promise rejects with an AbortError; behind another
   * activity it waits its turn.
   */
  generate(wishes?: Wishes, onFrame?: (frame: Frame) => void): Promise<Result>;
  /**
   * Draw two pictures in turn, always a step of the one whose latent holds more noise, and say how far apart they are. `a`
   * is as for `generate`; what `b` leaves out is a's, also where it begins if it has neither a `start` nor a `from`. A pair
   * is told once both of its frames are there, in a's order. Cancels, is cancelled and steered as a `generate`.
   */
  compare(a?: Wishes, b?: Wishes, onPair?: (pair: Pair) => void): Promise<Comparison>;
  /**
   * Do an activity of pyscript_app/activities/table.py when the engine is ready and those before it have ended; gives its
   * last item. Of items, fields of Python's are in camelCase and arrays are typed arrays. "generate" and "compare"
   * are the methods above: the one's items are frames, the other takes `a` and `b`, and its items are pairs, its last the
   * comparison. Those of "causes" are `Cause`, those of "gallery" `Shown`; the latter takes `vary` ("seed", "guidance",
   * "sampler" or "steps"), the `values` of it, and settings. What the wishes of the two leave out is as the page's fields
   * say. Rejects with an AbortError after `cancel()`, with a sentence for a name that nobody knows.
   */
  run<Item>(
    activity: string,
    wishes?: { quick?: boolean; [wish: string]: unknown },
    onItem?: (item: Item) => void,
  ): Promise<Item>;
  /** Buttons of the picture or other activity whose turn it is; a step is what its Python takes for one. */
  pause(): void;
  resume(): void;
  step(): void;
  /** Those that wait go on waiting: the next one then has its turn. */
  cancel(): void;
}

/** What may be wished for a run; what is left out is as the page's fields say, or as the run that it goes on from. */
export interface Wishes extends Partial<Settings> {
  /** Begin at a picture of the model's size under noise; `strength`, 0 to 1, is the part of the steps that is taken. Null,
   * or left out: begin in noise, whatever the visitor has chosen. */
  start?: { picture: ImageData; strength: number } | null;
  /** Go on after a step of an earlier run, by its `id`: from 1, or 0 for its beginning. `latent` [C, h, w] stands in for
   * the run's own; with `guidance`, that step alone counts as taken with it. */
  from?: { run: string; step: number; latent?: Float32Array; guidance?: number };
}

export interface Settings {
  prompt: string;
  negative: string;
  seed: number;
  steps: number;
  guidance: number;
  sampler: string;
  /** Factor for each word by its text in small letters; words that are not named have 1. A word that is not in the
   * prompt waits for it (gains.js). */
  gains: Record<string, number>;
  /** What draws the steps before the last: the decoder, a small one, or a linear fit of colours. */
  preview: "full" | "tiny" | "linear";
  /** With "full": the decoder draws every Nth step, and the cheapest other preview the rest. */
  every: number;
  /** Where in time the steps lie; "trained" where it is absent: as the model's own configuration says. */
  spacing?: "trained" | "trailing" | "noise" | "early" | "late";
  /** What happens to the slots of words, by their text (pyscript_app/slots.py); those that are not named stay. */
  slots?: Record<string, "alone" | "cut" | "unheard" | "deleted">;
}

/** What a run gives in the end. */
export interface Result {
  /** By which a later run goes on from this one (`from`), as long as the worker has room for its steps. */
  id: string;
  picture: ImageData;
  /** Those that were computed; of a run that goes on from another, `step` counts that one's steps too. */
  frames: Frame[];
  settings: Settings;
  /** Of the whole run; of one that was compared, what its own frames took. */
  ms: number;
}

/** An item of `run("causes", { ...settings, word }, …)`: a picture from the noise of the others, in which something was
 * done to the word; without `word`, all words against all the padding; with `gain` too, another strength of the word. */
export interface Cause {
  way: "original" | "alone" | "cut" | "unheard" | "off" | "deleted" | "words" | "padding" | "gain";
  /** From 1. */
  step: number;
  steps: number;
  /** [H, W, 4] 0 to 255; empty where this step was not drawn. */
  picture: Float32Array;
  /** What it is drawn with beside the other settings. */
  gains: Settings["gains"];
  slots: NonNullable<Settings["slots"]>;
  /** With the last step, against the original: root mean square, levels of 255; where a `place` [side, side] was given,
   * which pixels are seen to differ, 1 each, and which part of them inside the place (1) and outside (0). */
  change?: { rms: number; marks?: Uint8Array; inside?: number; outside?: number };
  /** With the last step of all: each `rms`, and who carries the word, or the picture. */
  changes?: Record<string, number>;
  verdict?: string;
}

/** A frame of a comparison's first run, and of the second that whose latent holds the nearest share of noise. */
export interface Pair {
  a: Frame;
  b: Frame;
  /** How far apart their latents are: |a - b| / |a|. */
  distance: number;
  /** The same of their predicted clean latents. */
  foreseen: number;
}

/** Two runs side by side. Distances have one number for each of a's frames, of the latents after the step. */
export interface Comparison {
  a: Result;
  b: Result;
  /** For each of a's frames the index of b's that it is compared with. */
  pairs: number[];
  /** |a - b| / |a| of the latents; 0 for equal ones. Samplers differ in how large the latents of a noise level are. */
  distance: number[];
  /** The same of the predicted clean latents, whose size no sampler changes. */
  foreseen: number[];
  /** From which of a's frames on, from 1, the runs are at least half as far apart as in the end; null where they end
   * together. */
  parting: number | null;
  /** Where the latents lie on the two axes of the model's manifest, [x, y] each: the one before a run's first frame, then
   * one for each frame. Null where the model has no axes. */
  paths: { a: [number, number][]; b: [number, number][] } | null;
}

/** One picture of a gallery, as far as it has come; or why it cannot be drawn. */
export interface Shown {
  /** Of the setting that varies. */
  value: string | number;
  /** `picture` [H, W, 4], 0 to 255; `latent` [C, h, w] of the finished one alone. */
  glimpse?: { step: number; steps: number; picture: Float32Array; drawnBy: string; latent?: Float32Array };
  /** How far any two finished pictures are apart: |a - b| / |a| of their latents, on the average. */
  apart?: number;
  /** The page says it as `refusal.<reason>`. */
  reason?: string;
  values?: Record<string, string | number>;
}

/** Everything that one denoising step computed; the same fields as in pyscript_app/frame.py. */
export interface Frame {
  /** From 1, of the steps that are taken: a run that begins at a picture leaves out the first ones. */
  step: number;
  steps: number;
  timestep: number;
  sigma: number;
  /** sqrt(1 - abar): how much of the latent is noise, 0 to 1. */
  noiseShare: number;
  /** What `latentIn` is multiplied by before the network sees it; absent in a recording. */
  scale?: number;
  /** The same after the step; 0 after the last. */
  noiseLeft: number;
  /** What the next step multiplies `latent` by: 1, but for samplers whose latents grow with the noise. */
  latentScale: number;
  /** [C, h, w] before the step, and after it. */
  latentIn: Float32Array;
  latent: Float32Array;
  /** [C, h, w] predicted clean latent. */
  x0: Float32Array;
  epsUncond: Float32Array;
  epsCond: Float32Array;
  /** [C, h, w] after guidance. */
  eps: Float32Array;
  /** For each side: [T, side, side], conditional half, mean over heads, sum over that side's layers. */
  attention: Record<string, Float32Array>;
  words: Word[];
  /** [words, S, S] of this step, and the mean of all steps so far. */
  maps: Float32Array;
  meanMaps: Float32Array;
  /** H × W, the decoded x0. */
  preview: ImageData;
  /** H × W, the decoded latent, once the visitor has asked for it. */
  decoded?: ImageData;
  /** The graph that drew `preview`; a recording leaves it to the decoder. */
  drawnBy?: "vae_decoder" | "preview_decoder" | "latent_rgb";
  /** From where to where the step leads on the two axes of the model's manifest; absent where it has none. */
  way?: [[number, number], [number, number]];
  /** What the sampler adds up to reach the next latent, for instance {x0: 0.9, eps: 0.3}. */
  update: Record<string, number>;
  ms: { unet: number; step: number; attention: number; decode: number };
}

export interface Word {
  text: string;
  /** Slots of its tokens, 0 to 76. */
  tokens: number[];
  /** Part of all attention that its tokens receive in this step. */
  share: number;
}

export type Backend = "webgpu" | "wasm";

/** The parts of manifest.json that the page reads; pyscript_app/manifest.schema.json is the whole. */
export interface Manifest {
  format: number;
  name: string;
  title: string;
  licence: string;
  licence_terms?: string;
  parameters: number;
  /** Absent: classifier-free, the UNet is asked twice. Else once; "embedded" is told the strength. */
  guidance?: "classifier-free" | "embedded" | "none";
  /** What was fused into the checkpoint, one phrase each. */
  additions?: string[];
  latent: {
    channels: number;
    height: number;
    width: number;
    /** The lowest and highest value that is shown, the same for a whole run; symmetric about 0. */
    range: [number, number];
    rgb: { weight: number[][]; bias: number[] };
  };
  picture: { height: number; width: number };
  /** `prediction_type`: what the UNet answers with; absent: epsilon. */
  scheduler: { prediction_type?: "epsilon" | "v_prediction"; set_alpha_to_one?: boolean };
  text: { length: number; width: number };
  /** `added`: words of textual inversion, each with its token ids. */
  tokenizer: {
    vocab: string;
    merges: string;
    known_words: string[] | null;
    length: number;
    added?: Record<string, number[]>;
  };
  attention: { side: number; layers: number; output: string }[];
  graphs: Record<
    string,
    { file: string; precision: string; shards: string[]; bytes: number; largest?: number }
  >;
  probe: { file: string };
  /** Of the map of latents; `runs` says on how many the two axes were fitted, 0: they are directions by chance. `variance`:
   * which parts of it they show; `extent`: the lowest and highest place of those runs along each. */
  axes?: { file: string; runs: number; variance?: [number, number]; extent?: [number, number][] };
  /** `latent_rgb`: root mean square error of the colour view, 0-1. */
  errors?: { latent_rgb?: number };
  /** What single words change, medians in levels of 255, and how much of what they say other slots say. */
  slots?: { off?: number; deleted?: number; leak?: "most" | "some" | "little" };
  files: Record<string, { bytes: number; sha256: string }>;
  defaults: {
    prompt: string;
    steps: number;
    guidance: number;
    sampler: string;
    seed: number;
    preview?: Settings["preview"];
    every?: number;
    spacing?: Settings["spacing"];
  };
}
