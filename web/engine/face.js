/**
 * What the page offers to people who embed it.
 *
 * @import { Engine } from "./engine.js"
 * @import { Diffuscope, Manifest, Wishes } from "../types"
 */

const QUICK = { steps: 4 }; // a picture that one can just make out

/** Who asks by name begins in noise, not at a picture that the visitor may have chosen. @param {Wishes} [wishes] @returns {Wishes} */
const begun = (wishes) => ({ ...wishes, start: wishes?.start ?? null });

/**
 * @param {Engine} engine
 * @returns {Diffuscope} what `window.diffuscope` is
 */
export function faceOf({ activities, causes, gallery, runs, store }) {
  const steered = () => [runs, gallery].find(({ drawing }) => drawing) ?? activities;
  return {
    get ready() {
      return activities.ready.promise.then(() => {
        const { model, engine: facts } = store.state;
        const { backend, adapter, threads } = facts;
        return { model: /** @type {Manifest} */ (model), backend: backend ?? "wasm", adapter, threads };
      });
    },
    generate: (wishes, onFrame) => runs.generate(begun(wishes), onFrame),
    compare: (a, b, onPair) => runs.compare(begun(a), b, onPair),
    run: async (activity, wishes = {}, onItem) => {
      const { quick, ...others } = wishes;
      const few = quick ? QUICK : {};
      const heard = /** @type {any} */ (onItem); // a frame is the item, or a pair
      if (activity === "generate") {
        const { frames } = await runs.generate(begun({ ...few, ...others }), heard);
        return /** @type {any} */ (frames.at(-1));
      }
      if (activity === "compare") {
        const { a, b } = /** @type {Record<string, Wishes | undefined>} */ (others);
        return /** @type {any} */ (runs.compare(begun({ ...few, ...a }), b, heard));
      }
      if (activity === "causes") return causes.run(wishes, heard);
      if (activity === "gallery") return /** @type {any} */ (gallery.draw({ ...few, ...others }, heard));
      return activities.run(activity, wishes, { onItem });
    },
    pause: () => steered().pause(),
    resume: () => steered().resume(),
    step: () => steered().step(),
    cancel: () => activities.cancel(),
  };
}
