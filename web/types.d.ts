/** The nouns of the page; those that others see too stand in diffuscope.d.ts. */

import type { Backend, Cause, Frame, Manifest, Settings, Wishes } from "./diffuscope";

export type * from "./diffuscope";

/** What a sentence says, in any language: the page has it as `refusal.<reason>` (of a note `note.<reason>`). */
export interface Reason {
  reason: string;
  /** What the places in braces stand for. */
  values?: Record<string, string | number>;
}

/** Values in rows of one length, each rounded to 256 even levels between the lowest and the highest of its row. */
export interface Rounded {
  levels: Uint8Array;
  /** [rows, 2] the lowest and the highest value of each row. */
  ends: Float32Array;
}

/** A frame in less memory: latents and predictions as they are, attention and pictures rounded (runs/packing.js). */
export interface PackedFrame extends Omit<Frame, "attention" | "maps" | "meanMaps" | "preview"> {
  attention: Record<string, Rounded>;
  maps: Rounded;
  meanMaps: Rounded;
  /** An image file, or the picture itself where the browser makes none. */
  preview: Blob | ImageData;
}

/** What went wrong; `code` is of which kind it is. */
export interface Trouble extends Reason {
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
  /** The model's file it is about. */
  file?: string;
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
  /** Why this backend runs, where there is something to say. */
  note: Reason | null;
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
}

/** The runs of this visit that there is still room for. */
export interface RunsState {
  /** Each under its own `id`, the oldest first. */
  byId: Record<string, Run>;
  /** The id of the one on show; "" for none. */
  shown: string;
  /** The id of a second one on show. */
  beside: string | null;
  /** Which of them were compared, the newest last. */
  compared: Compared[];
}

/** How far two runs are apart, as far as both are drawn. */
export interface Compared {
  /** The ids of both. */
  a: string;
  b: string;
  /** Steps of a, from 1 and in order, each with the step of b that holds the nearest share of noise; null where latents of
   * different shapes have no distance. */
  pairs: PairedSteps[] | null;
  /** Once both are drawn: from which pair on, from 1, they are at least half as far apart as in the end; null where they
   * end together. */
  parting: number | null;
}

export interface PairedSteps {
  a: number;
  b: number;
  /** Relative distance of the latents after the steps, and of the clean latents that the model expects. */
  distance: number;
  foreseen: number;
}

export interface Run {
  id: string;
  status: "idle" | "waiting" | "running" | "paused" | "finished" | "cancelled" | "failed";
  source: "live" | "recorded" | "file";
  settings: Settings | null;
  /** The picture that it begins at; null where it begins in noise. */
  start: Wishes["start"] | null;
  /** Steps at the beginning of those asked for that it leaves out, since it begins at a picture. */
  skipped: number;
  /** What drew it. */
  model: Manifest | null;
  /** Their `step` is their place here, from 1. Empty while they are packed. */
  frames: Frame[];
  /** The frames while the run is not on show (runs/shelf.js); else null. */
  packed: PackedFrame[] | null;
  /** Whether the worker remembers its steps, so that later runs can go on from them. */
  resumable: boolean;
  /** The run that it goes on from, and after which of its steps; null for one that began by itself. */
  from: { run: string; step: number } | null;
  steps: number;
  /** Where in the loop the engine is now: "" | "text" | "unet" | "step" | "attention" | "decode". */
  stage: string;
  /** Whether it waits for the engine behind a recording that plays, or is about to. */
  queued: boolean;
  /** performance.now() when it began. */
  started: number;
  msPerStep: number;
  picture: ImageData | null;
  error: Trouble | null;
}

/** What the visitor has drawn of a scribble. Places are parts of the picture's width, from its upper left corner. */
export type Mark =
  /** Everything below this height in one colour, under all lines. */
  | { ink: number[]; below: number }
  /** A line of this width through points, x and y in turn. */
  | { ink: number[]; width: number; points: number[] };

/** Where the next run begins. */
export interface Start {
  /** At the picture; else in noise. */
  on: boolean;
  /** Where the picture comes from; "given": from another page. */
  kind: "file" | "last" | "scribble" | "given";
  /** As it came, for models of other sizes; a scribble is its marks. */
  whole: ImageBitmap | ImageData | null;
  marks: Mark[];
  /** Of the model's size; null while there is none. */
  picture: ImageData | null;
  /** The part of the steps that is taken, above 0 to 1. */
  strength: number;
  /** The share of noise before each step that the settings ask for; empty while nobody knows. */
  noiseShares: number[];
  /** Why the last file could not be taken. */
  trouble: Reason | null;
}

/** What the visitor's hand has done to steps and not drawn on with yet, by step (`handKey`). */
export interface Hand {
  /** Where the guidance was dragged to. */
  guidance: Record<string, number>;
  /** [C, h, w] each, as the network sees them: what was made of the latent going in, and what it was before each touch. */
  latents: Record<string, Float32Array[]>;
  /** Whether the latent's part shows the tools that touch it. */
  touching: boolean;
}

/** A step taken again with another guidance (pyscript_app/retake.py). */
export interface Retaken {
  guidance: number;
  /** [C, h, w] each. */
  eps: Float32Array;
  x0: Float32Array;
  latent: Float32Array;
  /** What it foresees, or finished. */
  preview: ImageData;
  drawnBy: string;
}

/** Pictures from one noise, in which something was done to a word (pyscript_app/activities/causes.py). */
export interface Trial {
  /** The run that they are set beside, and its settings with which all are drawn; then those that were opened of them. */
  runs: string[];
  settings: Settings;
  /** The word's text; null where all words are set against all the padding. */
  word: string | null;
  status: "waiting" | "drawing" | "finished" | "cancelled" | "failed";
  /** By what was done, in their order, "original" first; empty ones have not begun. */
  pictures: Record<string, TrialPicture>;
  /** What they say together; "" before the end. */
  verdict: string;
  error: Trouble | null;
}

export interface TrialPicture extends Pick<Cause, "gains" | "slots"> {
  picture: ImageData | null;
  change: NonNullable<Cause["change"]> | null;
}

/** The newest of each kind. */
export interface CausesState {
  /** What the chosen word carries. */
  word: Trial | null;
  /** All words against all the padding. */
  all: Trial | null;
  /** The chosen word at another strength. */
  gain: Trial | null;
  /** Whether that is drawn whenever a strength has changed. */
  live: boolean;
}
/** What of a step is looked at (state/lenses.js). */
export type Lens = "held" | "foreseen" | "changed" | "attention";

/** How fast steps follow each other (state/paces.js). */
export type Pace = "slow" | "usual" | "quick";

/** What is seen of a frame through a lens, to be painted (paint/lens.js). */
export type Sight =
  | { kind: "picture"; picture: ImageData }
  | { kind: "latent"; values: Float32Array; shape: Manifest["latent"] }
  | { kind: "change"; picture: ImageData; before: ImageData | null }
  | {
      kind: "attention";
      picture: ImageData;
      map: Float32Array;
      side: number;
      range?: { low: number; high: number };
    };

export interface View {
  /** The step that is shown, from 1; null follows the run. */
  step: number | null;
  /** Index of the chosen word; null for none. */
  word: number | null;
  /** Attention as the mean of all steps, or of the shown one. */
  mean: boolean;
  /** The part that is open, from 1 (state/parts.js); null for none. */
  part: number | null;
  lens: Lens;
  /** Whether what the latent holds goes through the decoder. */
  decoded: boolean;
  /** Whether the steps on show are played one after the other. */
  playing: boolean;
  pace: Pace;
  theme: "auto" | "light" | "dark";
  /** What "auto" comes to. */
  worn: "light" | "dark";
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

/** The graphics card. */
export interface Adapter {
  name: string;
  /** A processor imitates it. */
  software: boolean;
  /** The most bytes that it binds at once. */
  largest: number;
  halfFloats: boolean;
}

/** What this device can do, as far as the browser tells. */
export interface Device {
  /** Bytes; the browser rounds, and stops counting at some gigabytes. */
  memory: number | null;
  /** Bytes that this page may still keep. */
  free: number | null;
  threads: number;
  isolated: boolean;
  /** Null without WebGPU. */
  adapter: Adapter | null;
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

/** What a gallery varies. */
export type Varied = "seed" | "guidance" | "sampler" | "steps";

/** One picture of a gallery. */
export interface Tile {
  /** Of what varies. */
  value: string | number;
  /** How many are done, of how many. */
  step: number;
  steps: number;
  /** As far as it has come. */
  picture: ImageData | null;
  /** [C, h, w] of the finished picture. */
  latent: Float32Array | null;
  /** Why it is not drawn. */
  refused: Reason | null;
}

/** One prompt several times, with one setting that varies (runs/gallery.js). */
export interface Gallery {
  vary: Varied;
  /** "waiting" for the engine, or behind a picture that was asked for. */
  status: "empty" | "waiting" | "drawing" | "paused" | "finished" | "cancelled" | "failed";
  /** What its pictures have in common; null before the first was drawn. */
  settings: Settings | null;
  tiles: Tile[];
  /** How far any two of those that are finished are apart, |a - b| / |a| of their latents on the average. */
  apart: number | null;
  error: Trouble | null;
  /** What this visit's finished ones came to, the newest last. */
  measured: { prompt: string; vary: Varied; count: number; apart: number }[];
}

export interface State {
  engine: EngineState;
  models: Models;
  model: Manifest | null;
  settings: Settings;
  start: Start;
  reading: Reading | null;
  runs: RunsState;
  causes: CausesState;
  gallery: Gallery;
  view: View;
  hand: Hand;
}
