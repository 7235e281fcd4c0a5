// Gas, by contract and by mission.

import { fill, h } from "../lib/dom.js";
import { brief, count, percent, short } from "../lib/format.js";
import { bars } from "../lib/chart.js";
import { empty, missionLink, panel, table, unknown } from "../lib/parts.js";
import { get } from "../lib/store.js";

export const show = (root, { on }) => {
  const sum = h("div");
  const contracts = h("div");
  const missions = h("div");
  let sorted = { by: "gas", down: true };
  root.append(panel("Gas", {}, sum), h("div", { class: "two" }, panel("By contract", {}, contracts), panel("By mission", {}, missions)));
  const used = (one) => (one.budget ? Math.round((one.gas / one.budget) * 10000) : null);
  const columns = [
    { id: "id", name: "Mission", cell: (one) => missionLink(one.id), sort: (one) => one.id },
    { id: "transactions", name: "Transactions", end: true, cell: (one) => count(one.transactions), sort: (one) => one.transactions },
    { id: "gas", name: "Gas", end: true, cell: (one) => count(one.gas), sort: (one) => one.gas },
    { id: "budget", name: "Of budget", end: true, cell: (one) => h("span", { class: used(one) > 9000 ? "bad strong" : null }, percent(used(one))), sort: used },
  ];
  const render = () => {
    const section = get("gas");
    if (!section) return;
    fill(sum, h("p", { class: "lead" }, h("span", { class: "big num" }, count(section.total)), ` gas in ${count(section.transactions)} transactions`, section.measured < section.transactions ? `; ${count(section.transactions - section.measured)} of them are still to be measured` : ""), unknown(section));
    const list = [...(section.byContract ?? [])].sort((a, b) => b.gas - a.gas);
    fill(contracts, list.length === 0 ? empty("No transaction yet.") : bars("Gas by contract", list.map((one) => ({ name: one.peer, value: one.gas, text: `${short(one.gas)} (${count(one.transactions)})`, title: one.peer })), ["Contract", "Gas (transactions)"]));
    fill(missions, table({ caption: "Gas by mission", columns, rows: section.byMission ?? [], key: (one) => brief(one.id), sorted, onSort: (wish) => { sorted = wish; render(); } }));
  };
  on("gas", render);
  render();
};
