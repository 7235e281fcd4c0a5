// Freezes: those that are open, and how many there were, by time, cause and agent.

import { fill, h, unseen } from "../lib/dom.js";
import { brief, clockTime, count, time, words } from "../lib/format.js";
import { bars, columns as standing } from "../lib/chart.js";
import { countdown, empty, hash, instant, missionLink, panel, table, unknown } from "../lib/parts.js";
import { ofFreeze } from "../lib/offer.js";
import { get } from "../lib/store.js";

const columns = [
  { id: "mission", name: "Mission", cell: (one) => missionLink(one.mission) },
  { id: "node", name: "Node", end: true, cell: (one) => count(one.node) },
  { id: "attempt", name: "Attempt", end: true, cell: (one) => count(one.attempt) },
  { id: "agent", name: "Agent", cell: (one) => hash(one.agent) },
  { id: "cause", name: "Cause", cell: (one) => words(one.cause) },
  { id: "at", name: "Since", end: true, cell: (one) => instant(one.at) },
  { id: "expires", name: "Anyone ends it in", end: true, cell: (one) => countdown(one.expiresAt, one.expiresAt - one.at) },
  { id: "act", name: unseen("Action"), cell: ofFreeze },
];

export const show = (root, { on }) => {
  const open = h("div");
  const time_ = h("div");
  const cause = h("div");
  const agent = h("div");
  const counters = h("div");
  root.append(panel("Open freezes", {}, open), panel("Over time", { note: "Freezes in each hour, the last 48 hours." }, time_),
    h("div", { class: "two" }, panel("By cause", { note: "Hatched: those that turned out false." }, cause), panel("By agent", {}, agent)), panel("Guardian counters", {}, counters));
  const render = () => {
    const section = get("freezes");
    if (!section) return;
    fill(open, table({ caption: "Open freezes", columns, rows: section.open ?? [], nothing: "No node is frozen." }), unknown(section));
    fill(time_, standing("Freezes over time", (section.byTime ?? []).map((one) => ({ name: `${time(one.from).slice(5, 10)} ${clockTime(one.from).slice(0, 5)}`, value: one.count })), ["Hour (UTC)", "Freezes"]));
    const causes = section.byCause ?? [];
    fill(cause, causes.length === 0 ? empty("None yet.") : bars("Freezes by cause", causes.map((one) => ({ name: words(one.cause), value: one.count, part: one.false, tone: "frozen", text: one.false > 0 ? `${count(one.count)}, ${count(one.false)} false` : count(one.count) })), ["Cause", "Freezes"]));
    const agents = section.byAgent ?? [];
    fill(agent, agents.length === 0 ? empty("None yet.") : bars("Freezes by agent", agents.map((one) => ({ name: brief(one.agent), title: one.agent, value: one.count, tone: "frozen", text: count(one.count) })), ["Agent", "Freezes"]));
  };
  const renderCounters = () => {
    const metric = (get("metrics") ?? []).find?.((one) => one.id === "anomalyCounters");
    if (!metric) return;
    const known = Number.isFinite(metric.value);
    fill(counters, h("div", { class: "gauge-row" }, known ? h("meter", { min: "0", max: "100", high: "70", optimum: "0", low: "50", value: Math.min(100, metric.value), "aria-label": "Highest counter of an open execution" }) : null, h("span", { class: "big num" }, known ? `${count(metric.value)} %` : "–"), h("span", {}, String(metric.text ?? ""))),
      h("p", { class: "metric-rule" }, h("span", {}, "Alerts when "), String(metric.condition ?? ""), metric.why ? ` ${metric.why}` : ""));
  };
  on("freezes", render);
  on("metrics", renderCounters);
  render();
  renderCounters();
};
