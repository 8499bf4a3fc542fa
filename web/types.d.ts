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
  /** Factor for each word of the prompt, by its text; words that are not named have 1. */
  gains: Record<string, number>;
}

export type Backend = "webgpu" | "wasm";

/** One sentence for the visitor; `code` lets a language find its own words. */
export interface Trouble {
  code:
    | "missing-file"
    | "damaged-file"
    | "network"
    | "out-of-memory"
    | "device-lost"
    | "settings"
    | "unsupported"
    | "unknown";
  message: string;
  /** The model's file it is about. */
  file?: string;
}

export interface EngineState {
  status: "booting" | "downloading" | "preparing" | "probing" | "ready" | "failed";
  /** What is being done, in few English words: "Python", "unet.onnx" … */
  stage: string;
  /** Of the model's files, arrived so far and in all. */
  bytes: number;
  total: number;
  backend: Backend | null;
  /** The graphics adapter's own name, also when WASM won. */
  adapter: string;
  threads: number;
  isolated: boolean;
  /** The page and this model are in the browser's store and will start without a network. */
  offline: boolean;
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
  status: "idle" | "waiting" | "running" | "paused" | "finished" | "cancelled" | "failed";
  source: "recorded" | "live";
  settings: Settings | null;
  frames: Frame[];
  steps: number;
  /** Where in the loop the engine is now: "" | "text" | "unet" | "step" | "attention" | "decode". */
  stage: string;
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
}

export interface State {
  engine: EngineState;
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
  parameters: number;
  latent: {
    channels: number;
    height: number;
    width: number;
    /** The lowest and highest value that is shown, the same for a whole run; symmetric about 0. */
    range: [number, number];
    rgb: { weight: number[][]; bias: number[] };
  };
  picture: { height: number; width: number };
  text: { length: number; width: number };
  tokenizer: { known_words: string[]; length: number };
  attention: { side: number; layers: number; output: string }[];
  graphs: Record<string, { file: string; precision: string; shards: string[]; bytes: number }>;
  files: Record<string, { bytes: number; sha256: string }>;
  defaults: { prompt: string; steps: number; guidance: number; sampler: string; seed: number };
}

/** What a run gives in the end. */
export interface Result {
  picture: ImageData;
  frames: Frame[];
  settings: Settings;
  /** Of the whole run. */
  ms: number;
}

/** window.diffuscope, for people who embed the page. */
export interface Diffuscope {
  ready: Promise<{ model: Manifest; backend: Backend; adapter: string; threads: number }>;
  /** A second call cancels the run before it, whose promise rejects with an AbortError. */
  generate(settings?: Partial<Settings>, onFrame?: (frame: Frame) => void): Promise<Result>;
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
