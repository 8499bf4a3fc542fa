/**
 * The names of the parts: plates on the frame for guidance, sampler and latent, headings for words, encoder and UNet,
 * and the noise that the line comes from.
 *
 * @import { Tools } from "../mounting.js"
 * @import { Geometry } from "./geometry.js"
 */
import { put } from "../../paint/canvas.js";
import { colourImage } from "../../paint/latent.js";
import { askedTwice, shownFrame, shownModel, shownRun, shownSettings } from "../../state/selectors.js";
import { has, number, rich, t } from "../../text/text.js";
import { h, rem, s, say } from "../dom.js";
import { namePart } from "../part.js";
import { ENCODER } from "./geometry.js";

/**
 * @param {HTMLElement} element
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function mount(element, tools, signal) {
  const { store, send } = tools;
  /** @param {number} part @param {...Node} children */
  const opener = (part, ...children) =>
    h(
      "button",
      {
        class: part < 4 ? "heading" : "plate",
        "data-part": part,
        click: () => send.open(part),
      },
      ...children.slice(0, -1),
      h(
        "span",
        { class: "plate-text" },
        h(
          "span",
          { class: "title" },
          h("i", { class: "part-number", "aria-hidden": "true" }, part),
          h("span", { class: "name" }, t(`part.${part}`)),
        ),
        children.at(-1),
      ),
    );
  const fact = () => h("span", { class: "fact", "aria-hidden": "true" });
  const tile = () => h("canvas", { class: "tile", width: 16, height: 16, "aria-hidden": "true" });

  const guidanceFact = fact();
  const guidanceTile = tile();
  const samplerFact = fact();
  const samplerGlyph = s("svg", { class: "glyph", viewBox: "0 0 48 48", "aria-hidden": "true" });
  const latentFact = fact();
  const latentTile = tile();
  const noiseTile = tile();
  const noiseName = h("b");
  const noiseSeed = h("span");

  const headings = [opener(1, h("span")), opener(2, h("span")), opener(3, h("span"))];
  const guidance = opener(4, guidanceTile, guidanceFact);
  const sampler = opener(5, samplerGlyph, samplerFact);
  const latent = opener(6, latentTile, latentFact);
  const noise = h("div", { class: "noise" }, noiseTile, h("span", {}, noiseName, noiseSeed));
  const legend = h("p", { class: "legend quiet" }, rich("stage.legend"));
  element.append(...headings, guidance, sampler, latent, noise, legend);

  const glyph = () => {
    const run = shownRun(store.state);
    const frame = shownFrame(store.state);
    if (!frame) return samplerGlyph.replaceChildren();
    const at = (/** @type {import("../../types").Frame} */ one) => [
      4 + (40 * one.step) / one.steps,
      5 + 38 * (1 - one.noiseShare),
    ];
    const points = run.frames.map((one) =>
      at(one)
        .map((v) => v.toFixed(1))
        .join(" "),
    );
    const [cx, cy] = at(frame);
    samplerGlyph.replaceChildren(
      s("path", { d: `M${points.join("L")}`, class: "curve" }),
      s("circle", { cx, cy, r: 4, class: "here" }),
    );
  };

  const update = () => {
    const model = shownModel(store.state);
    const settings = shownSettings(store.state);
    const frame = shownFrame(store.state);
    const kind = askedTwice(store.state) ? "" : `.${model?.guidance}`;
    say(guidanceFact, t(`plate.guidance${kind}`, { guidance: number(settings.guidance, 1) }));
    say(samplerFact, has(`sampler.${settings.sampler}`) ? t(`sampler.${settings.sampler}`) : "");
    const { start } = shownRun(store.state);
    say(noiseName, t(start ? "stage.start" : "stage.noise"));
    say(noiseSeed, t(start ? "stage.start.seed" : "stage.seed", { seed: settings.seed }));
    glyph();
    if (!model) return;
    const shape = model.latent;
    say(latentFact, `${shape.width} × ${shape.height} × ${shape.channels}`);
    const first = shownRun(store.state).frames[0];
    for (const [canvas, values] of /** @type {const} */ ([
      [guidanceTile, frame?.eps],
      [latentTile, frame?.latent],
      [noiseTile, first?.latentIn],
    ])) {
      canvas.style.visibility = values ? "" : "hidden";
      if (values) put(canvas, colourImage(values, shape));
    }
  };
  store.subscribe(
    ({ runs, view, model, settings }) => [
      shownRun({ runs }).frames,
      view.step,
      model,
      settings,
      shownRun({ runs }).settings,
      shownRun({ runs }).model,
    ],
    update,
    signal,
  );
  namePart([...headings, guidance, sampler, latent], tools, signal);

  return {
    /** @param {Geometry} next */
    place(next) {
      const { frame, plates } = next;
      const at = (/** @type {HTMLElement} */ one, /** @type {number} */ x, /** @type {number} */ y) => {
        one.style.left = rem(x);
        one.style.top = rem(y);
      };
      for (const one of [...headings, noise, legend]) one.hidden = next.kind !== "wide";
      for (const one of [guidance, sampler, latent]) one.hidden = next.kind === "bare";
      at(headings[0], 0, 0);
      at(headings[1], ENCODER.x - 70, 0);
      at(headings[2], frame.x - 64, 0);
      at(guidance, ...plates.guidance);
      at(sampler, ...plates.sampler);
      at(latent, ...plates.latent);
      at(noise, 0, frame.y + frame.height - 48);
      at(legend, 190, frame.y + frame.height - 46);
      update();
    },
  };
}
