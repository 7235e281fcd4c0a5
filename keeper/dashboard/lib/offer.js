// Which action of the panel a row offers, as an address within this page: `#/act/unfreeze-node/0x…/3/1`.

import { h } from "./dom.js";
import { get } from "./store.js";

/** A link to an action; `fields` as `ACTS` of the view has them. */
export const offer = (text, verb, ...fields) => h("a", { class: "offer", href: `#/act/${[verb, ...fields].map(encodeURIComponent).join("/")}`, "data-key": `act-${verb}-${fields.join("-")}` }, text);

/** What can be done about an open freeze. */
export const ofFreeze = ({ mission, node, freeze }) => [offer("Lift the freeze", "unfreeze-node", mission, node, freeze), offer("Confirm it", "confirm-freeze", mission, node, freeze)];

/** What can be done about something that waits for people. */
export const ofReview = (one) => (one.kind === "predicate" ? offer("Clear the predicate", "clear-predicate", one.mission, one.index)
  : [offer("Approve", "decide-review", one.mission, one.node, one.attempt, 1), offer("Reject", "decide-review", one.mission, one.node, one.attempt, 0)]);

/** What can be done about an alert, where this page prepares it. */
export const ofAlert = (alert) => {
  const freeze = alert.evidence?.find((item) => item.kind === "freeze")?.value;
  if (alert.metric === "activeFreezes" && freeze !== undefined) return ofFreeze({ ...alert, freeze });
  // Its id ends with what it is of: `node:attempt`, or `predicate:index`.
  const review = alert.metric === "reviewQueue" && get("reviews")?.items?.find((one) => one.mission === alert.mission && alert.id.endsWith(one.kind === "predicate" ? `:predicate:${one.index}` : `:${one.node}:${one.attempt}`));
  return review ? ofReview(review) : null;
};
