// Epochs beside each other: whether the law that was made did better than the law before.

import { fill, h } from "../lib/dom.js";
import { count, percent, short, span } from "../lib/format.js";
import { empty, panel, table, unknown } from "../lib/parts.js";
import { get } from "../lib/store.js";
import { amount } from "../lib/units.js";

const rate = (good, bad) => (good + bad === 0 ? null : Math.round((good / (good + bad)) * 10000));

export const show = (root, { on }) => {
  const body = h("div");
  let sorted = { by: "epoch", down: true };
  root.append(panel("Epochs compared", { note: "Each amendment of a parameter begins an epoch. Arrows compare with the epoch before: ▲ better, ▼ worse." }, body));
  const render = () => {
    const section = get("epochs");
    const items = section?.items ?? [];
    const before = new Map(items.map((one) => [one.epoch, items.filter((other) => other.epoch < one.epoch).sort((a, b) => b.epoch - a.epoch)[0]]));
    // A value, and whether it is better than that of the epoch before.
    const compared = (of, shown, moreIsBetter) => (one) => {
      const [is, was] = [of(one), before.get(one.epoch) ? of(before.get(one.epoch)) : null];
      const change = is === null || was === null || is === was ? null : is > was === moreIsBetter;
      return [shown(is, one), change === null ? h("span", { class: "trend" }) : h("span", { class: `trend ${change ? "good" : "bad"}` }, h("span", { "aria-hidden": "true" }, change ? " ▲" : " ▼"), h("span", { class: "unseen" }, change ? " better than before" : " worse than before"))];
    };
    const completed = (one) => rate(one.completed, one.failed + one.aborted);
    const nodes = (one) => rate(one.nodesCompleted, one.nodesFailed);
    const per = (of) => (one) => (one.missions > 0 ? of(one) / one.missions : null);
    const columns = [
      { id: "epoch", name: "Epoch", cell: (one) => h("strong", {}, count(one.epoch)), sort: (one) => one.epoch },
      { id: "missions", name: "Missions", end: true, cell: (one) => count(one.missions), sort: (one) => one.missions },
      { id: "completed", name: "Completed", end: true, cell: compared(completed, percent, true), sort: completed },
      { id: "nodes", name: "Nodes completed", end: true, cell: compared(nodes, percent, true), sort: nodes },
      { id: "freezes", name: "Freezes a mission", end: true, cell: compared(per((one) => one.freezes), (value) => (value === null ? "–" : value.toFixed(2)), false), sort: per((one) => one.freezes) },
      { id: "refinements", name: "Refinements a mission", end: true, cell: compared(per((one) => one.refinements), (value) => (value === null ? "–" : value.toFixed(2)), false), sort: per((one) => one.refinements) },
      { id: "median", name: "Median of a node", end: true, cell: compared((one) => one.medianNodeSecs, span, false), sort: (one) => one.medianNodeSecs },
      { id: "gas", name: "Gas a mission", end: true, cell: compared(per((one) => one.gas), short, false), sort: per((one) => one.gas) },
      { id: "paid", name: "Paid", end: true, cell: (one) => amount(one.paid) },
      { id: "slashed", name: "Slashed", end: true, cell: (one) => amount(one.slashed) },
    ];
    fill(body, items.length === 0 ? empty("No epoch has had a mission yet.") : table({ caption: "Epochs", columns, rows: items, key: (one) => one.epoch, sorted, onSort: (wish) => { sorted = wish; render(); } }), unknown(section));
  };
  on("epochs", render);
  render();
};
