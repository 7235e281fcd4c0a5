// The table of parameters, and the editor of one: it prepares an amendment, explains it, and lets wallets sign it. Nothing is signed here.

import { announce, fill, h, unseen } from "../lib/dom.js";
import { count, span } from "../lib/format.js";
import { hash, panel, problem, table, unknown } from "../lib/parts.js";
import { ask, get } from "../lib/store.js";
import { editor } from "./editor.js";

const TIER_NAMES = { low: "low risk", medium: "medium risk", high: "high risk" };

/** A value of a parameter for people. */
export const valueOf = (parameter, value) => (parameter.kind === "address" || parameter.kind === "hash" ? hash(value) : h("span", { class: "num" }, count(value), parameter.unit ? h("span", { class: "dim" }, ` ${parameter.unit}`) : null));

export const show = (root, { argument, on, until }) => {
  let all = null;
  let sorted = { by: "id", down: false };
  let chosen = argument;
  const wish = { text: "", tier: "" };
  const list = h("div");
  const edit = h("div", { id: "editor" });
  const tools = h("div", { class: "filters" },
    h("input", { type: "search", placeholder: "Name or meaning", "aria-label": "Search parameters", oninput: ({ currentTarget }) => { wish.text = currentTarget.value.trim().toLowerCase(); render(); } }),
    h("select", { "aria-label": "Risk", onchange: ({ currentTarget }) => { wish.tier = currentTarget.value; render(); } }, h("option", { value: "" }, "All risks"), Object.entries(TIER_NAMES).map(([tier, name]) => h("option", { value: tier }, name))));
  root.append(edit, panel("Parameters", { tools, note: "Every number of policy. Amendments are signed by adjudicators; running missions keep the values that they began with." }, list));
  const choose = (name) => {
    chosen = name;
    const one = all?.items.find((item) => item.name === name && item.amendable);
    if (one) {
      editor(edit, one, { onClose: () => { chosen = null; fill(edit); render(); list.querySelector(`[data-key="amend-${CSS.escape(one.name)}"]`)?.focus(); } });
      edit.scrollIntoView({ block: "start" });
    } else fill(edit);
    render();
  };
  const columns = [
    { id: "id", name: "Id", end: true, cell: (one) => count(one.id), sort: (one) => one.id },
    { id: "name", name: "Name", cell: (one) => [h("span", { class: "mono strong" }, one.name), h("span", { class: "meaning" }, one.text)], sort: (one) => one.name },
    { id: "value", name: "Value", end: true, cell: (one) => [valueOf(one, one.value), String(one.value) !== String(one.default) ? h("span", { class: "changed" }, " changed") : null], sort: (one) => (typeof one.value === "number" ? one.value : null) },
    { id: "range", name: "Range", end: true, cell: (one) => (one.least === null ? h("span", { class: "dim" }, "–") : `${count(one.least)} – ${count(one.greatest)}`) },
    { id: "tier", name: "Risk", cell: (one) => h("span", { class: `tier ${one.tier}` }, one.tier), sort: (one) => ["low", "medium", "high"].indexOf(one.tier) },
    { id: "needs", name: "Amending takes", cell: (one) => (one.needs ? `${count(one.needs.signers)} signers${one.needs.weakerDelaySecs > 0 ? `, ${span(one.needs.weakerDelaySecs)}` : ""}` : h("span", { class: "dim" }, "nobody can")), sort: (one) => one.needs?.signers },
    { id: "act", name: unseen("Amend"), cell: (one) => (one.amendable ? h("button", { type: "button", class: "small", "data-key": `amend-${one.name}`, "aria-label": `Amend ${one.name}`, onclick: () => choose(one.name) }, "Amend") : null) },
  ];
  const render = () => {
    if (!all) return;
    const rows = all.items.filter((one) => (!wish.tier || one.tier === wish.tier) && (!wish.text || `${one.name} ${one.text}`.toLowerCase().includes(wish.text)));
    fill(list, table({ caption: "Parameters", columns, rows, key: (one) => one.name, sorted, onSort: (next) => { sorted = next; render(); }, nothing: "No parameter is like that.", rowClass: (one) => (one.name === chosen ? "chosen" : null) }), h("p", { class: "note" }, `${count(rows.length)} of ${count(all.items.length)}, in epoch ${count(all.epoch)}`), unknown(all));
  };
  let epoch;
  const load = async () => {
    try {
      all = await ask("parameters");
      epoch = all.epoch;
      render();
      if (chosen && edit.childElementCount === 0) choose(chosen);
    } catch (error) {
      fill(list, problem(error), h("button", { type: "button", onclick: load }, "Try again"));
    }
  };
  on("city", (city) => {
    if (all === null || epoch === city.epoch) return;
    epoch = city.epoch;
    announce("The parameters changed: a new epoch began");
    load();
  });
  load();
  until(() => { all = null; });
  if (!get("city")) fill(list, h("p", { class: "empty" }, "Asking the keeper…"));
};
