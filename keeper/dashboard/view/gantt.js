// When a mission's nodes did what: a row for each, a bar for each state, over the time that the mission takes.

import { h } from "../lib/dom.js";
import { clockTime, count, span, time } from "../lib/format.js";
import { behind, empty } from "../lib/parts.js";
import { mark, missionTone, nodeState } from "../lib/states.js";
import { words } from "../lib/format.js";
import { now } from "../lib/store.js";

const ROWS_MAX = 120;
const TICKS = 4;
const ENDED = new Set(["COMPLETED", "FAILED"]);

const spans = (transitions, until) => {
  const known = (Array.isArray(transitions) ? transitions : []).filter((pair) => Number.isFinite(pair?.[1]));
  return known.map(([state, from], at) => ({ state, from, to: at + 1 < known.length ? known[at + 1][1] : ENDED.has(state) ? from : Math.max(from, until) }));
};

/** Of a mission with its nodes, and of what the list of missions has of it. */
export const gantt = (mission, summary) => {
  const until = Math.max(now() ?? 0, mission.block?.time ?? 0);
  const rows = mission.nodes.map((node) => ({ node, spans: spans(node.transitions, until) })).filter((row) => row.spans.length > 0);
  if (rows.length === 0) return empty("No node has begun.");
  rows.sort((a, b) => a.spans[0].from - b.spans[0].from || a.node.ordinal - b.node.ordinal);
  const phases = spans((summary?.phases ?? []).map((phase) => [phase.state, phase.at]), until);
  const from = Math.min(summary?.createdAt ?? Infinity, rows[0].spans[0].from);
  const ends = [...rows.flatMap((row) => row.spans.map((one) => one.to)), ...phases.map((one) => one.to)];
  const to = ends.reduce((most, one) => Math.max(most, one), from + 1);
  const at = (instant) => `${Math.max(0, Math.min(100, ((instant - from) / (to - from)) * 100))}%`;
  const wide = (one) => `${Math.max(0.25, ((Math.min(to, one.to) - Math.max(from, one.from)) / (to - from)) * 100)}%`;
  const bar = (one, tone, name) => h("span", { class: `gantt-bar tone-${tone}${one.from === one.to ? " point" : ""}`, title: `${name}: ${time(one.from)}, ${span(one.to - one.from)}`, css: { left: at(one.from), width: wide(one) } });
  const ticks = Array.from({ length: TICKS + 1 }, (_, step) => from + ((to - from) * step) / TICKS);
  const shown = rows.slice(0, ROWS_MAX);
  return h("div", { class: "chart" },
    h("div", { class: "gantt", role: "img", "aria-label": `Timeline of ${rows.length} nodes from ${time(from)} to ${time(to)} UTC` },
      h("div", { class: "gantt-row axis" }, h("span"), h("span", { class: "gantt-track" }, ticks.map((tick, step) => h("span", { class: `gantt-tick num${step === 0 ? " first" : step === TICKS ? " last" : ""}`, css: { left: at(tick) } }, to - from > 172800 ? time(tick).slice(5, 16) : clockTime(tick))))),
      phases.length > 0 ? h("div", { class: "gantt-row phases" }, h("span", { class: "gantt-name" }, "Mission"), h("span", { class: "gantt-track" }, phases.map((one) => bar(one, missionTone(one.state), words(one.state))))) : null,
      shown.map(({ node, spans: list }) => h("div", { class: "gantt-row" }, h("span", { class: "gantt-name", title: node.label ?? "" }, mark(nodeState(node.state), 12), ` ${node.ordinal} ${node.label ?? ""}`), h("span", { class: "gantt-track" }, list.map((one) => bar(one, nodeState(one.state).tone, nodeState(one.state).name)))))),
    rows.length > shown.length ? h("p", { class: "note" }, `The first ${count(shown.length)} of ${count(rows.length)} nodes that began.`) : null,
    behind("Times of nodes", ["Node", "State", "From (UTC)", "For"], shown.flatMap(({ node, spans: list }) => list.map((one) => [`${node.ordinal} ${node.label ?? ""}`, nodeState(one.state).name, time(one.from), span(one.to - one.from)]))));
};
