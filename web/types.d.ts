/** The nouns of the page. Arrays are in C order; C, h, w is the latent's shape, H, W the picture's, S the map's side. */

export interface Word {
  text: string;
  /** Slots of its tokens, 0 to 76. */
  tokens: number[];
  /** Part of all attention that its tokens receive in this step. */
  share: number;
}

/** Everything that one denoising step computed; the same fields as in pyscript_app/frame.py. */
export interface Frame {
  /** From 1. */
  step: number;
  steps: number;
  timestep: number;
  sigma: number;
  /** sqrt(1 - abar): how much of the latent is noise, 0 to 1. */
  noiseShare: number;
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
  /** The graph that drew `preview`; a recording leaves it to the decoder. */
  drawnBy?: "vae_decoder" | "preview_decoder" | "latent_rgb";
  /** What the sampler adds up to reach the next latent, for instance {x0: 0.9, eps: 0.3}. */
  update: Record<string, number>;
  ms: { unet: number; step: number; attention: number; decode: number };
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

/** What may be wished for a run; what is left out is as the page's fields say, or as the run that it goes on from. */
export interface Wishes extends Partial<Settings> {
  /** Begin at a picture of the model's size under noise; `strength`, 0 to 1, is the part of the steps that is taken. */
  start?: { picture: ImageData; strength: number };
  /** Go on after a step of an earlier run, by its `id`: from 1, or 0 for its beginning. `latent` [C, h, w] stands in for
   * the run's own. */
  from?: { run: string; step: number; latent?: Float32Array };
}

export type Backend = "webgpu" | "wasm";

/** One sentence for the visitor; `code` lets a language find its own words. */
export interface Trouble {
  code:
    | "missing-file"
    | "damaged-file"
    | "network"
    | "out-of-memory"
    | "quota"
    | "device-lost"
    | "settings"
    | "unsupported"
    | "unknown";
  message: string;
  /** The model's file it is about. */
  file?: string;
  /** What was refused, where that is known: `message` in the page's language is `refusal.<reason>` with `values`. */
  reason?: string;
  values?: Record<string, string | number>;
}

export interface EngineState {
  /** "asking": a large model is not on this device, and nobody has said yet that it shall be fetched. */
  status: "booting" | "asking" | "downloading" | "preparing" | "probing" | "ready" | "failed";
  /** What is being done, in few English words: "Python", "unet.onnx" … */
  stage: string;
  /** Of the model's files, arrived so far and in all. */
  bytes: number;
  total: number;
  /** Of the download: bytes a second, and seconds left; null while nobody can tell. */
  rate: number | null;
  remaining: number | null;
  backend: Backend | null;
  /** The graphics adapter's own name, also when WASM won. */
  adapter: string;
  threads: number;
  isolated: boolean;
  /** How the UNet's self-attention is computed; "" before it is known. */
  selfAttention: "" | "plain" | "fused";
  /** Whether the large graphs are opened one at a time, to spare the memory. */
  sparing: boolean;
  /** The page and this model are in the browser's store and will start without a network. */
  offline: boolean;
  /** Files of the page that the server has with the bytes of another version. */
  stale: readonly string[];
  /** Why this backend runs, in one sentence; "" when there is nothing to say. */
  note: string;
  error: Trouble | null;
}

export interface ReadWord {
  text: string;
  /** Characters of the prompt, half open. */
  start: number;
  end: number;
  tokens: number[];
  known: boolean;
  /** Up to three known words that are near. */
  suggestions: string[];
}

/** The prompt as the tokenizer reads it. */
export interface Reading {
  /** The text that was read. */
  prompt: string;
  words: ReadWord[];
  /** The part of the prompt that does not fit into 75 tokens, "" when all fits. */
  cut: string;
  error: string | null;
}

export interface Run {
  /** By which later runs go on from it; "" for a recording. */
  id: string;
  status: "idle" | "waiting" | "running" | "paused" | "finished" | "cancelled" | "failed";
  source: "recorded" | "live";
  settings: Settings | null;
  /** What drew it. */
  model: Manifest | null;
  /** Their `step` is their place here, from 1. */
  frames: Frame[];
  /** Steps of the run that this one went on from which are not among `frames`. */
  skipped: number;
  steps: number;
  /** Where in the loop the engine is now: "" | "text" | "unet" | "step" | "attention" | "decode". */
  stage: string;
  /** Whether a picture of one's own waits for the engine behind a recording that plays, or is about to. */
  queued: boolean;
  /** performance.now() when it began. */
  started: number;
  msPerStep: number;
  picture: ImageData | null;
  error: Trouble | null;
}

export interface View {
  /** The step that is shown, from 1; null follows the run. */
  step: number | null;
  /** Index of the chosen word; null for none. */
  word: number | null;
  /** Attention as the mean of all steps, or of the shown one. */
  mean: boolean;
  part: null | 1 | 2 | 3 | 4 | 5 | 6 | 7;
  stain: boolean;
  /** Whether the steps on show are played one after the other. */
  playing: boolean;
  theme: "auto" | "light" | "dark";
  /** Where the visitor is: a name of rooms/rooms.js, or "stage". */
  room: string;
  /** A room that could not be entered, and why: it is not there, or failed. */
  lost: { room: string; why: "unknown" | "failed" } | null;
}

/** What models.json says of a model (export/site/catalogue.py), or the page of a folder that was opened. */
export interface ModelEntry {
  name: string;
  title: string;
  licence: string;
  /** One sentence, where the licence restricts the use. */
  licence_terms: string | null;
  parameters: number;
  picture: { height: number; width: number };
  precision: string;
  guidance: "classifier-free" | "embedded" | "none";
  /** What a graphics card must bind at once, in bytes, and what it must for the plain unet; null where nobody knows. */
  largest: number | null;
  largest_plain: number | null;
  /** Of all that a picture needs. */
  bytes: number;
  /** The same file by file, by digest. */
  files: Record<string, number>;
  /** Of a folder on the visitor's disk. */
  opened?: { manifest: string; files: Record<string, File> };
}

/** What this device can do, as far as the browser tells. */
export interface Device {
  /** Bytes; the browser rounds, and stops counting at some gigabytes. */
  memory: number | null;
  /** Bytes that this page may still keep. */
  free: number | null;
  threads: number;
  isolated: boolean;
  /** The graphics card: `largest` is the most bytes that it binds at once; null without WebGPU. */
  adapter: { name: string; largest: number; halfFloats: boolean } | null;
}

export interface Models {
  list: ModelEntry[];
  /** Name of the one that is used; "" before the list is here. */
  chosen: string;
  /** Bytes of each model's files that are kept on this device. */
  kept: Record<string, number>;
  device: Device | null;
  /** Why a folder could not be opened. */
  trouble: string;
}

export interface State {
  engine: EngineState;
  models: Models;
  model: Manifest | null;
  settings: Settings;
  reading: Reading | null;
  run: Run;
  view: View;
}

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
  /** `latent_rgb`: root mean square error of the colour view, 0-1. */
  errors?: { latent_rgb?: number };
  files: Record<string, { bytes: number; sha256: string }>;
  defaults: {
    prompt: string;
    steps: number;
    guidance: number;
    sampler: string;
    seed: number;
    preview?: Settings["preview"];
    every?: number;
  };
}

/** What a run gives in the end. */
export interface Result {
  /** By which a later run goes on from this one (`from`), as long as the worker has room for its steps. */
  id: string;
  picture: ImageData;
  /** Those that were computed; of a run that goes on from another, `step` counts that one's steps too. */
  frames: Frame[];
  settings: Settings;
  /** Of the whole run. */
  ms: number;
}

/** window.diffuscope, for people who embed the page. */
export interface Diffuscope {
  ready: Promise<{ model: Manifest; backend: Backend; adapter: string; threads: number }>;
  /** A second call cancels the run before it, whose promise rejects with an AbortError. */
  generate(wishes?: Wishes, onFrame?: (frame: Frame) => void): Promise<Result>;
  pause(): void;
  resume(): void;
  step(): void;
  cancel(): void;
}

declare global {
  interface Window {
    diffuscope: Diffuscope;
  }
}
