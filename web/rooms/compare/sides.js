/**
 * The two runs on show, by the letters that the page calls them.
 *
 * @import { Frame, Run, Settings, State } from "../../types"
 */
import { DEFAULTS } from "../../state/bounds.js";
import { besideFrame, besideRun, shownFrame, shownRun } from "../../state/selectors.js";
import { has, number, t } from "../../text/text.js";

/** @typedef {"a" | "b"} Letter */

/** @param {State} state @param {Letter} letter @returns {Run | null} */
export function runOf(state, letter) {
  return letter === "a" ? shownRun(state) : besideRun(state);
}

/** @param {State} state @param {Letter} letter @returns {Frame | null} the one on show */
export function frameOf(state, letter) {
  return letter === "a" ? shownFrame(state) : besideFrame(state);
}

/** @param {Run | null} run @returns {unknown[]} what is seen of it here; while a run goes, more of it changes than that */
export function aspects(run) {
  return [run?.id, run?.model, run?.frames, run?.status, run?.settings, run?.picture, run?.error];
}

/**
 * @param {keyof Settings} name
 * @returns {string} what the setting is called
 */
export function nameOf(name) {
  if (name === "negative") return t("setting.avoid.name");
  return has(`setting.${name}`) ? t(`setting.${name}`) : name;
}

/**
 * @param {keyof Settings} name
 * @param {Settings} settings
 * @returns {string} its value, as the page writes it
 */
export function written(name, settings) {
  const value = settings[name] ?? DEFAULTS[name];
  if (name === "sampler") return has(`sampler.${value}`) ? t(`sampler.${value}`) : String(value);
  if (name === "guidance") return number(Number(value), 1);
  if (name === "negative") return String(value).trim() || t("avoid.none");
  if (typeof value === "object") {
    const said = Object.entries(value).map(([word, what]) => `${word} ${what}`);
    return said.join(", ") || t("avoid.none");
  }
  return String(value);
}
