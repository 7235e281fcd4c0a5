// An action of the panel on one node, review or predicate: what it is about is in the address, what remains to be chosen is asked, and then it is
// explained, signed and handed in as an amendment is.

import { h } from "../lib/dom.js";
import { empty, missionLink, panel } from "../lib/parts.js";
import { get } from "../lib/store.js";
import { ceremony } from "./sign.js";

const HASH = /^0x[0-9a-fA-F]{64}$/;
const SCORE_MOST = 1_000;
const KINDS = [[1, "It was false: the agent did nothing wrong"], [2, "It deserves a warning"]];

const freezeIsOpen = ({ missionId, freezeId }) => (get("freezes")?.open ?? []).some((one) => one.mission === missionId && one.freeze === freezeId);
const reviewOf = ({ missionId, node, attempt, index }) => (get("reviews")?.items ?? []).find((one) => one.mission === missionId && (index === undefined ? String(one.node) === node && String(one.attempt) === attempt : String(one.index) === index));

/** By verb: the struct, its fields that the address has, and what is said of them. `waits`: whether what it is about is there. */
const ACTS = {
  "freeze-node": { type: "FreezeNode", name: "a freeze of a node", title: "Freeze a node", fields: ["missionId", "node", "attempt", "agent"], note: "The node stands still until somebody decides, or the freeze expires.", waits: () => true },
  "unfreeze-node": { type: "UnfreezeNode", name: "the lifting of a freeze", title: "Lift a freeze", fields: ["missionId", "node", "freezeId"], note: "The node becomes eligible again.", waits: freezeIsOpen },
  "confirm-freeze": { type: "ConfirmFreeze", name: "the confirmation of a freeze", title: "Confirm a freeze", fields: ["missionId", "node", "freezeId"], note: "The node fails, at the agent's fault.", waits: freezeIsOpen },
  "decide-review": { type: "DecideReview", name: "a decision of a review", title: "Decide a review", fields: ["missionId", "node", "attempt", "approved"], note: "Read the output against its rubric first.", waits: reviewOf },
  "clear-predicate": { type: "ClearPredicate", name: "the clearing of a predicate", title: "Clear a predicate", fields: ["missionId", "index"], note: "For the output that the mission has now: what that is, the keeper reads from the chain, and the digest binds.", waits: reviewOf },
};
const NAMES = { missionId: "mission", node: "node", attempt: "attempt", agent: "agent", freezeId: "freeze", index: "predicate", approved: "decision", kind: "reason", score: "score", seat: "seat" };

const number = (id, label, value, most) => {
  const input = h("input", { id, type: "text", inputmode: "numeric", autocomplete: "off", class: "mono", value });
  return { input, node: h("div", { class: "field" }, h("label", { for: id }, label), input), wrong: () => (/^\d{1,5}$/.test(input.value.trim()) && Number(input.value) <= most ? null : [input, `A whole number up to ${most}.`]) };
};

// What people choose: the fields that the address does not have.
const choices = (verb, given) => {
  if (verb === "unfreeze-node") {
    const kind = h("select", { id: "kind" }, KINDS.map(([value, text]) => h("option", { value }, text)));
    return { nodes: h("div", { class: "field" }, h("label", { for: "kind" }, "Why it is lifted"), kind), wrong: () => null, read: () => ({ kind: Number(kind.value) }) };
  }
  if (verb !== "decide-review") return { nodes: [], wrong: () => null, read: () => ({}) };
  // A rejection has no score, and names no seat.
  if (given.approved === "0") return { nodes: [], wrong: () => null, read: () => ({ approved: false, score: 0, seat: 0 }) };
  const score = number("score", `Score, 0 to ${SCORE_MOST}`, "", SCORE_MOST);
  const seat = number("seat", "Seat whose output stands", "0", 255);
  const disputed = reviewOf(given)?.kind === "dispute";
  return { nodes: [score.node, disputed ? seat.node : null], wrong: () => score.wrong() ?? seat.wrong(), read: () => ({ approved: true, score: Number(score.input.value), seat: Number(seat.input.value) }) };
};

export const show = (root, { argument, on }) => {
  const [verb, ...values] = String(argument ?? "").split("/");
  const act = Object.hasOwn(ACTS, verb) ? ACTS[verb] : null;
  const isChoice = verb !== "decide-review" || /^[01]$/.test(values[act?.fields.indexOf("approved")] ?? "");
  if (!act || values.length !== act.fields.length || !HASH.test(values[0]) || !isChoice) {
    root.append(panel("Action", {}, empty("This page prepares no such action."), h("a", { href: "#/alerts" }, "Alerts")));
    return;
  }
  const given = Object.fromEntries(act.fields.map((field, at) => [field, values[at]]));
  const chosen = choices(verb, given);
  const gone = h("div", { role: "status" });
  const about = h("p", {}, act.fields.map((field) => [h("span", { class: "dim" }, `${NAMES[field]} `), field === "missionId" ? missionLink(given.missionId) : h("span", { class: "mono" }, field === "approved" ? (given.approved === "1" ? "approve" : "reject") : given[field]), "  "]));
  const edit = h("div", { id: "editor" });
  root.append(about, gone, edit);
  const wish = () => {
    const { approved, ...rest } = given;
    const fields = { ...rest, ...chosen.read() };
    return { body: { action: verb, fields }, asked: { type: act.type, name: act.name, fields: Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, [value, `Its ${NAMES[field]} is yours`]])) } };
  };
  ceremony(edit, { title: act.title, note: act.note, verb, fields: chosen.nodes, invalid: chosen.wrong, wish, onClose: () => { location.hash = "#/alerts"; } });
  const look = () => gone.replaceChildren(get("freezes") && get("reviews") && !act.waits(given) ? h("p", { class: "problem" }, "It does not wait for anybody (any more): the panel would refuse it.") : "");
  on("freezes", look);
  on("reviews", look);
  look();
};
