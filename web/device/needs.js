/**
 * What a picture needs of a model, as pyscript_app/manifest.py says it: so its files are on their way before Python is
 * there, and a folder from the disk is judged like the same model on a server. tests/export/site/test_catalogue.py
 * compares the two.
 *
 * @import { Manifest, ModelEntry } from "../types"
 */

const UNETS = ["unet_fused", "unet"];
const PICTURE_GRAPHS = [
  "text_encoder",
  ...UNETS,
  "step",
  "attention",
  "vae_decoder",
  "preview_decoder",
  "latent_rgb",
];

/**
 * @param {Manifest} manifest
 * @returns {string[]} the paths of all files that the page reads to draw pictures
 */
export function pictureFiles({ graphs, tokenizer, probe, axes }) {
  const used = PICTURE_GRAPHS.flatMap((name) => graphs[name] ?? []);
  const paths = used.flatMap(({ file, shards }) => [file, ...shards]);
  return [
    ...new Set([tokenizer.vocab, tokenizer.merges, probe.file, ...(axes ? [axes.file] : []), ...paths]),
  ];
}

/**
 * @param {string} name
 * @param {Manifest} manifest
 * @returns {ModelEntry} what `models.json` would say of the model
 */
export function entryOf(name, manifest) {
  const { graphs } = manifest;
  const kept = pictureFiles(manifest).map((path) => manifest.files[path]);
  const files = Object.fromEntries(kept.map(({ sha256, bytes }) => [sha256, bytes]));
  return {
    name,
    title: manifest.title,
    licence: manifest.licence,
    licence_terms: manifest.licence_terms ?? null,
    parameters: manifest.parameters,
    picture: manifest.picture,
    precision: graphs.unet.precision,
    guidance: manifest.guidance ?? "classifier-free",
    largest: largest(graphs, graphs.unet_fused ? "unet_fused" : "unet"),
    largest_plain: largest(graphs, "unet"),
    bytes: Object.values(files).reduce((sum, bytes) => sum + bytes, 0),
    files,
  };
}

/**
 * @param {Manifest["graphs"]} graphs
 * @param {string} unet the variant that runs
 * @returns {number | null} bytes that a graphics card must bind at once; null where the manifest does not say
 */
function largest(graphs, unet) {
  const run = PICTURE_GRAPHS.filter((name) => name === unet || !UNETS.includes(name));
  return Math.max(0, ...run.map((name) => graphs[name]?.largest ?? 0)) || null;
}
