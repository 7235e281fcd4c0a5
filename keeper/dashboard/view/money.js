// The city's money: that none came from nowhere and none went, where it is, and contract by contract.

import { fill, h } from "../lib/dom.js";
import { big, count, words } from "../lib/format.js";
import { stacked } from "../lib/chart.js";
import { behind, empty, fact, panel, table, unknown, verdict } from "../lib/parts.js";
import { get } from "../lib/store.js";
import { amount, assetName } from "../lib/units.js";

const TONES = ["busy", "ready", "judged", "good", "review", "held", "frozen", "idle", "bad"];

// Parts of a bar are drawn in ten-thousandths, so that no amount becomes a float.
const parts = (list) => {
  const total = list.reduce((sum, one) => sum + (big(one.amount) ?? 0n), 0n);
  return list.map((one, at) => ({ name: words(one.kind), tone: TONES[at % TONES.length], value: total > 0n ? Number(((big(one.amount) ?? 0n) * 10000n) / total) : 0, text: count(one.amount) }));
};

// The keeper says whether a line closes; the page adds up for itself.
const closes = (line) => {
  const [into, ...rest] = [line?.in, line?.paid, line?.returned, line?.forfeited, line?.held].map(big);
  return into === null || rest.includes(null) ? null : into === rest.reduce((sum, one) => sum + one, 0n);
};

export const show = (root, { on }) => {
  const lines = h("div");
  const where = h("div");
  const moved = h("div");
  const contracts = h("div");
  root.append(panel("Conservation", { note: "Of each kind of claim: what came in is what was paid, returned, forfeited, and is still held." }, lines),
    h("div", { class: "two" }, panel("Where the treasury's money is", {}, where), panel("What moved", { note: "Since the city began." }, moved)), panel("Contracts", { note: "Parts make what is booked, and the contract holds at least that." }, contracts));
  const columns = [
    { id: "peer", name: "Contract", cell: (one) => one.peer },
    { id: "booked", name: "Booked", end: true, cell: (one) => amount(one.booked) },
    { id: "held", name: "Held", end: true, cell: (one) => amount(one.held) },
    { id: "parts", name: "Parts", cell: (one) => stacked(`Parts of ${one.peer}`, parts(one.parts ?? [])) },
    { id: "holds", name: "Balanced", cell: (one) => verdict(one.holds, "balanced", "not balanced") },
  ];
  const render = () => {
    const section = get("money");
    if (!section) return;
    const term = (name, value, sign) => [sign ? h("span", { class: "sign", "aria-hidden": "true" }, sign) : null, h("div", { class: "term" }, h("span", { class: "dim" }, name), h("span", { class: "sum" }, amount(value, true)))];
    fill(lines, h("ul", { class: "equations" }, (section.lines ?? []).map((line) => h("li", { class: "equation", "data-line": line.kind }, h("strong", { class: "equation-name" }, words(line.kind)), term("came in", line.in), term("paid", line.paid, "="), term("returned", line.returned, "+"), term("forfeited", line.forfeited, "+"), term("held", line.held, "+"),
      h("div", { class: "term checks" }, h("span", {}, h("span", { class: "dim" }, "keeper "), verdict(line.holds)), h("span", {}, h("span", { class: "dim" }, "this page "), verdict(closes(line))))))),
    h("p", { class: "note" }, `In ${assetName()}, as of block ${count(section.block)}. All of it: `, verdict(section.holds)), unknown(section));
    const held = (section.contracts ?? []).find((one) => one.peer === "treasury")?.parts ?? [];
    fill(where, held.length === 0 ? empty("Nothing is known.") : [stacked("Where the money is", parts(held)), h("ul", { class: "parts" }, held.map((one, at) => h("li", { class: `tone-${TONES[at % TONES.length]}` }, h("i", {}), h("span", {}, words(one.kind)), amount(one.amount)))), behind("Where the money is", ["Part", "Base units"], held.map((one) => [words(one.kind), count(one.amount)]))]);
    const sum = (name, value, what) => fact(name, amount(value), h("span", { class: "dim" }, ` ${what}`));
    fill(moved, h("dl", { class: "facts" }, sum("Deposited", section.moved?.deposited, "into the city"), sum("Withdrawn", section.moved?.withdrawn, "out of it"), sum("Paid", section.moved?.paid, "to executors and people"), sum("Returned", section.moved?.returned, "refunds, stakes and bonds"), sum("Forfeited", section.moved?.forfeited, "slashed stakes and lost bonds")));
    fill(contracts, table({ caption: "Contracts", columns, rows: section.contracts ?? [] }));
  };
  on("money", render);
  on("city", render);
  render();
};
