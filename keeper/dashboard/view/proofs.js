// The log of the keeper, its anchors, and a proof that is verified here, in front of whoever asks: no word of the keeper is believed.

import { announce, download, fill, h } from "../lib/dom.js";
import { brief, count } from "../lib/format.js";
import { empty, fact, hash, instant, panel, problem, table, unknown, verdict } from "../lib/parts.js";
import { hex, sha256, utf8 } from "../lib/hash.js";
import { verifyInclusion } from "../lib/merkle.js";
import { ask, get } from "../lib/store.js";

const PLACE = /^\d{1,15}$/;
const TRANSACTION = /^0x[0-9a-fA-F]{64}$/;

const anchors = [
  { id: "sequence", name: "Anchor", cell: (one) => count(one.sequence) },
  { id: "author", name: "Author", cell: (one) => hash(one.author) },
  { id: "size", name: "Entries", end: true, cell: (one) => count(one.size) },
  { id: "root", name: "Root", cell: (one) => hash(one.root) },
  { id: "block", name: "Block", end: true, cell: (one) => count(one.block) },
  { id: "time", name: "When", end: true, cell: (one) => instant(one.time) },
  { id: "transaction", name: "Transaction", cell: (one) => hash(one.transaction) },
];

// One step as it is drawn: what is hashed with what, and what comes of it.
const step = (one, at) => h("li", { class: "step" }, h("span", { class: "step-no num" }, String(at + 1)),
  h("code", {}, "keccak256(01 ‖ ", one.side === "left" ? [h("b", {}, brief(one.sibling)), " ‖ node"] : ["node ‖ ", h("b", {}, brief(one.sibling))], ")"), h("span", { "aria-hidden": "true" }, "→"), hash(one.result));

const climb = (title, told, size, root) => h("div", { class: "climb" },
  h("h3", {}, title, " ", verdict(told.holds, "verified", "refused")), told.holds ? null : h("p", { class: "problem" }, told.why),
  h("ol", { class: "climb-steps" }, h("li", { class: "step" }, h("span", { class: "step-no" }, "0"), h("code", {}, "keccak256(00 ‖ entry)"), h("span", { "aria-hidden": "true" }, "→"), hash(told.leaf)), told.steps.map(step)),
  h("p", { class: "note" }, `Root of ${count(size)} entries: `, hash(root)));

const pretty = (line) => {
  try {
    return JSON.stringify(JSON.parse(line), null, 2);
  } catch {
    return line;
  }
};

/** Everything that is looked at, each with what was found. */
export const judge = async (proof) => {
  const line = utf8(String(proof.line ?? ""));
  const tree = verifyInclusion({ line, index: proof.place, size: proof.size, path: proof.path, root: proof.root });
  const anchored = proof.anchor ? verifyInclusion({ line, index: proof.place, size: proof.anchor.size, path: proof.anchorPath ?? [], root: proof.anchor.root }) : null;
  const chain = proof.anchor && proof.onChain ? proof.onChain.root === proof.anchor.root && proof.onChain.size === proof.anchor.size : null;
  return { tree, anchored, chain, leaf: tree.leaf === proof.leaf, sha256: hex(await sha256(line)) };
};

const show_ = (proof, found) => h("div", { class: "proof" },
  h("ul", { class: "findings" },
    h("li", {}, verdict(found.leaf, "the entry hashes to its leaf", "the leaf is of another entry")),
    h("li", {}, verdict(found.tree.holds, `entry ${count(proof.place)} is in the log of ${count(proof.size)}`, `the path does not prove it: ${found.tree.why}`)),
    h("li", {}, found.anchored ? verdict(found.anchored.holds, `it is under anchor ${count(proof.anchor.sequence)} of ${count(proof.anchor.size)} entries`, `it is not under the anchor: ${found.anchored.why}`) : verdict(null, "", "", "no anchor covers it yet")),
    h("li", {}, verdict(found.chain, "the roster answers the same root for that anchor", "the roster answers another root", "what the roster answers is not known"), h("span", { class: "dim" }, " (asked by the keeper; ask your own node to be sure)"))),
  h("details", { open: true }, h("summary", { "data-key": "entry" }, "The entry"), h("pre", { tabindex: "0", class: "entry" }, pretty(String(proof.line ?? ""))), h("p", { class: "note" }, "SHA-256 of the line: ", hash(found.sha256))),
  climb("To the log's root", found.tree, proof.size, proof.root), found.anchored ? climb("To the anchored root", found.anchored, proof.anchor.size, proof.anchor.root) : null,
  h("p", {}, h("button", { type: "button", onclick: () => download(`proof-${proof.place}.json`, JSON.stringify(proof, null, 2)) }, "Keep the proof")));

export const show = (root, { argument, on }) => {
  const log = h("div");
  const result = h("div", { "aria-live": "polite" });
  const field = h("input", { type: "text", id: "entry-of", inputmode: "text", autocomplete: "off", spellcheck: "false", placeholder: "419, or 0x…", value: argument ?? "" });
  const form = h("form", { class: "filters", novalidate: true }, h("label", { for: "entry-of" }, "Place in the log, or hash of a transaction"), field, h("button", { class: "primary" }, "Prove"));
  root.append(panel("Prove an entry", { note: "The path is climbed here in the browser (RFC 6962 over Keccak-256); each step is shown." }, form, result), panel("Log", {}, log));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    const query = PLACE.test(text) ? `place=${text}` : TRANSACTION.test(text) ? `transaction=${text}` : null;
    if (query === null) {
      field.setAttribute("aria-invalid", "true");
      fill(result, problem("A whole number, or 0x and 64 hexadecimal digits."));
      return;
    }
    field.removeAttribute("aria-invalid");
    try {
      const proof = await ask(`proof?${query}`);
      const found = await judge(proof);
      fill(result, show_(proof, found), unknown(proof));
      announce(found.tree.holds && found.leaf ? "Verified" : "Refused", !found.tree.holds);
    } catch (error) {
      fill(result, problem(error));
    }
  });
  const render = () => {
    const section = get("log");
    if (!section) return;
    fill(log, section.kept ? h("dl", { class: "facts wide" }, fact("Entries", count(section.size)), fact("Root", hash(section.root)), fact("Author", hash(section.author)), fact("Newest anchor", section.anchored ? [`${count(section.anchored.sequence)}, of ${count(section.anchored.size)} entries, `, hash(section.anchored.transaction)] : "none yet")) : empty("This keeper keeps no log. Anchors of others are below."),
      table({ caption: "Anchors", columns: anchors, rows: section.anchors ?? [], nothing: "Nobody has anchored a root yet." }), unknown(section));
  };
  on("log", render);
  render();
  if (argument) form.requestSubmit();
};
