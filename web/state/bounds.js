/**
 * Within which bounds a setting must lie, and what it is before anybody sets it: the loop's own list (pyscript_app/settings.schema.json) and its refusals
 * (pyscript_app/bounds.py), so that nothing reaches the store that the loop would refuse.
 *
 * @import { Reason, Settings } from "../types"
 */
import schema from "../settings.schema.json" with { type: "json" };

/**
 * Keywords of JSON Schema.
 *
 * @typedef {object} Rule
 * @property {unknown} [default]
 * @property {string} [type]
 * @property {string[]} [enum]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [maxLength]
 * @property {number} [maxProperties]
 * @property {Rule} [additionalProperties]
 */

const LONG = 60; // letters of a value that its sentence shows

export const BOUNDS = /** @type {Record<keyof Settings, Rule>} */ (schema.properties);

/** Samplers that go through times of any spacing; the others keep to the model's own. */
export const TIMED = schema.properties.spacing.samplers;

/** The names of all settings. */
export const NAMES = /** @type {(keyof Settings)[]} */ (Object.keys(BOUNDS));

/** The settings before a model, an address or anybody says otherwise. @type {Settings} */
export const DEFAULTS = /** @type {any} */ (
  Object.fromEntries(NAMES.map((name) => [name, BOUNDS[name].default]))
);

/**
 * @param {keyof Settings} name
 * @param {unknown} value
 * @returns {Reason | null} what the loop refuses a value outside the bounds with; null within them
 */
export function departure(name, value) {
  const rule = BOUNDS[name];
  if (!fits(value, rule)) return refusal(`setting-${name}`, rule, name, value);
  const each = rule.additionalProperties;
  if (!each) return null;
  for (const [key, part] of Object.entries(/** @type {object} */ (value))) {
    if (!fits(part, each)) return refusal(`setting-${name}-each`, each, key, part);
  }
  return null;
}

/**
 * What of the wishes may be used: settings that are known and within their bounds.
 *
 * @param {Record<string, unknown>} wishes from an address, a file, or another page; a wish that is undefined is none
 * @returns {{ settings: Partial<Settings>, refused: Reason | null }} and why the first that may not, or null
 */
export function within(wishes) {
  /** @type {Record<string, unknown>} */
  const settings = {};
  /** @type {Reason | null} */
  let refused = null;
  for (const name of NAMES) {
    if (wishes[name] === undefined) continue;
    const wrong = departure(name, wishes[name]);
    refused ??= wrong;
    if (!wrong) settings[name] = wishes[name];
  }
  return { settings, refused };
}

/** @param {any} value @param {Rule} rule */
function fits(value, rule) {
  if (rule.enum) return rule.enum.includes(value);
  if (rule.type === "string") return typeof value === "string" && value.length <= Number(rule.maxLength);
  if (rule.type === "object") {
    const map = typeof value === "object" && value !== null && !Array.isArray(value);
    return map && Object.keys(value).length <= Number(rule.maxProperties);
  }
  const number = rule.type === "integer" ? Number.isInteger(value) : Number.isFinite(value);
  return number && value >= Number(rule.minimum) && value <= Number(rule.maximum);
}

/** @param {string} reason @param {Rule} rule @param {string} name @param {unknown} value @returns {Reason} */
function refusal(reason, rule, name, value) {
  const facts = Object.entries(rule).filter(([key, fact]) => key !== "default" && typeof fact === "number");
  const said = { name: shown(name), value: shown(value), enum: (rule.enum ?? []).join(", ") };
  return { reason, values: { ...Object.fromEntries(facts), ...said } };
}

/** @param {unknown} value as Python writes it, not longer than a line */
function shown(value) {
  const text = typeof value === "string" ? `'${value.slice(0, LONG)}'` : plain(value);
  return text.length > LONG ? `${text.slice(0, LONG - 1)}…` : text;
}

/** @param {unknown} value */
function plain(value) {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
