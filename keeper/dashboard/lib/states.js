// States, each with a name, a colour and a shape of its own, so that no colour has to be told from another. Shapes are paths in a box of 16 × 16,
// drawn alike by legends, tables and the canvas.

import { s } from "./dom.js";

/** States of nodes in their order; `mark` is stroked, or filled where `solid`. */
export const NODE_STATES = [
  { id: "WAITING", name: "Waiting", tone: "idle", mark: "M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0 -11" },
  { id: "ELIGIBLE", name: "Eligible", tone: "ready", mark: "M8 1.5L14.5 8L8 14.5L1.5 8Z" },
  { id: "EXECUTING", name: "Executing", tone: "busy", solid: true, mark: "M4 2L14 8L4 14Z" },
  { id: "PENDING_VERIFICATION", name: "Pending verification", tone: "judged", mark: "M2 8a6 6 0 1 1 12 0a6 6 0 1 1 -12 0M8 4.5V8L10.5 10" },
  { id: "PENDING_REVIEW", name: "Pending review", tone: "review", mark: "M1.5 8C4 4 12 4 14.5 8C12 12 4 12 1.5 8ZM8 6.4a1.6 1.6 0 1 1 0 3.2a1.6 1.6 0 1 1 0 -3.2" },
  { id: "COMPLETED", name: "Completed", tone: "good", mark: "M2 8.5L6.5 13L14 3.5" },
  { id: "FAILED", name: "Failed", tone: "bad", mark: "M3 3L13 13M13 3L3 13" },
  { id: "FROZEN", name: "Frozen", tone: "frozen", mark: "M8 1.5V14.5M2.4 4.75L13.6 11.25M13.6 4.75L2.4 11.25" },
  { id: "PENDING_FINALIZATION", name: "Pending finalization", tone: "held", mark: "M3.5 2H12.5M3.5 14H12.5M4.5 2C4.5 6 11.5 10 11.5 14M11.5 2C11.5 6 4.5 10 4.5 14" },
];

/** Of something that this page does not know. */
export const UNKNOWN = { id: "?", name: "Unknown", tone: "idle", mark: "M5.5 5.5C5.5 2.5 10.5 2.5 10.5 5.5C10.5 7.5 8 7.5 8 10M8 12.7V13.3" };

const BY_ID = new Map(NODE_STATES.map((state) => [state.id, state]));

/** A node's state by its name. */
export const nodeState = (id) => BY_ID.get(id) ?? UNKNOWN;

/** Its place in `NODE_STATES`; behind all for an unknown one. */
export const stateIndex = (id) => {
  const at = NODE_STATES.findIndex((state) => state.id === id);
  return at < 0 ? NODE_STATES.length : at;
};

const MISSION_TONES = {
  PENDING: "idle", ACTIVE: "ready", EXECUTING: "busy", VERIFICATION: "judged", COMPLETED: "good", FAILED: "bad", ABORTED: "held", DEGRADED: "review",
};

/** The tone of a mission's state. */
export const missionTone = (state) => MISSION_TONES[state] ?? "idle";

/** The shape of a state, beside its name. */
export const mark = (state, size = 14) =>
  s("svg", { viewBox: "0 0 16 16", width: size, height: size, class: `mark tone-${state.tone}`, "aria-hidden": "true", focusable: "false" },
    s("path", { d: state.mark, fill: state.solid ? "currentColor" : "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round" }));
