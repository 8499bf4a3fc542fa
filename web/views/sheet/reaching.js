/**
 * Whether the step on show can be taken into the hand.
 *
 * @import { State } from "../../types"
 */
import { drawerOf, lasting, shownFrame, shownRun } from "../../state/selectors.js";
import { t } from "../../text/text.js";

/** @param {State} state @returns {string} why not; "" where it can be */
export function outOfReach(state) {
  const run = shownRun(state);
  if (run.source === "recorded") return t("hand.recorded");
  if (lasting(run) && run.status !== "paused" && state.view.step === null) return t("hand.going");
  return drawerOf(state, shownFrame(state)?.step ?? 1) ? "" : t("hand.forgotten");
}
