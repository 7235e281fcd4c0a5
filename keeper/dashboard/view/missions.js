// All missions, to be searched, filtered and sorted.

import { fill, h } from "../lib/dom.js";
import { big, count, short, words } from "../lib/format.js";
import { stacked } from "../lib/chart.js";
import { countdown, instant, missionBadge, missionLink, panel, table, unknown } from "../lib/parts.js";
import { NODE_STATES } from "../lib/states.js";
import { get } from "../lib/store.js";
import { amount } from "../lib/units.js";

export const show = (root, { on }) => {
  const wish = { text: "", state: "", sorted: { by: "createdAt", down: true } };
  const body = h("div");
  const states = h("select", { "aria-label": "State", onchange: ({ currentTarget }) => { wish.state = currentTarget.value; render(); } });
  const tools = h("div", { class: "filters" },
    h("input", { type: "search", placeholder: "Id, sponsor or session", "aria-label": "Search missions", oninput: ({ currentTarget }) => { wish.text = currentTarget.value.trim().toLowerCase(); render(); } }), states);
  root.append(panel("Missions", { tools }, body));
  const columns = [
    { id: "id", name: "Mission", cell: (one) => missionLink(one.id), sort: (one) => one.id },
    { id: "state", name: "State", cell: (one) => [missionBadge(one.state), one.halt ? h("span", { class: "severity critical" }, words(one.halt)) : null, one.stalled ? h("span", { class: "severity warning" }, "Stalled") : null], sort: (one) => one.state },
    { id: "progress", name: "Nodes", cell: (one) => h("span", { class: "cell-progress" }, stacked(`Nodes of ${one.id}`, NODE_STATES.map((state) => ({ name: state.name, tone: state.tone, value: one.counts?.[state.id] ?? 0, text: count(one.counts?.[state.id] ?? 0) }))), h("span", { class: "num" }, `${count(one.counts?.COMPLETED ?? 0)} / ${count(one.nodes)}`)), sort: (one) => (one.counts?.COMPLETED ?? 0) / Math.max(1, one.nodes) },
    { id: "createdAt", name: "Created", end: true, cell: (one) => instant(one.createdAt), sort: (one) => one.createdAt },
    { id: "deadline", name: "Deadline", end: true, cell: (one) => (["COMPLETED", "FAILED", "ABORTED"].includes(one.state) ? h("span", { class: "dim" }, "ended") : countdown(one.deadline)), sort: (one) => one.deadline },
    { id: "epoch", name: "Epoch", end: true, cell: (one) => count(one.epoch), sort: (one) => one.epoch },
    { id: "deposited", name: "Deposited", end: true, cell: (one) => amount(one.money?.deposited), sort: (one) => big(one.money?.deposited) },
    { id: "paid", name: "Paid", end: true, cell: (one) => amount(one.money?.paid), sort: (one) => big(one.money?.paid) },
    { id: "gas", name: "Gas", end: true, cell: (one) => short(one.gas), sort: (one) => one.gas },
  ];
  const render = () => {
    const section = get("missions");
    const items = section?.items ?? [];
    const present = [...new Set(items.map((one) => String(one.state)))].sort();
    fill(states, h("option", { value: "" }, "All states"), present.map((state) => h("option", { value: state, selected: state === wish.state }, words(state))));
    const rows = items.filter((one) => (!wish.state || one.state === wish.state) && (!wish.text || [one.id, one.sponsor, one.session].some((text) => String(text).toLowerCase().includes(wish.text))));
    fill(body, table({ caption: "Missions", columns, rows, key: (one) => one.id, sorted: wish.sorted, onSort: (sorted) => { wish.sorted = sorted; render(); }, nothing: section ? "No mission is like that." : "The keeper has not said anything yet." }),
      section ? h("p", { class: "note" }, `${count(rows.length)} of ${count(section.total)}`) : null, unknown(section));
  };
  on("missions", render);
  render();
};
