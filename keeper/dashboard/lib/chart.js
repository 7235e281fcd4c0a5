// Charts: calm, few, each with what it says in words and a table behind it.

import { h, s } from "./dom.js";
import { behind } from "./parts.js";

const WIDE = 120;
const HIGH = 28;

/** How a value went, as a line without axes; its text says it. */
export const spark = (series, alerting) => {
  const points = (Array.isArray(series) ? series : []).filter((pair) => Number.isFinite(pair?.[0]) && Number.isFinite(pair?.[1])).slice(-120);
  if (points.length < 2) return null;
  const [from, to] = [points[0][0], points.at(-1)[0]];
  const high = Math.max(...points.map(([, value]) => value), 1);
  const x = (time) => ((time - from) / Math.max(1, to - from)) * WIDE;
  const y = (value) => HIGH - 2 - (value / high) * (HIGH - 4);
  // A value stays until it changes, so it is drawn in steps.
  const line = points.map(([time, value], at) => (at === 0 ? `M${x(time)} ${y(value)}` : `H${x(time).toFixed(1)}V${y(value).toFixed(1)}`)).join("");
  return s("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: `spark ${alerting ? "alerting" : ""}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    s("path", { d: `${line}V${HIGH}H0Z`, class: "area" }), s("path", { d: line, class: "line", fill: "none", "vector-effect": "non-scaling-stroke" }));
};

const share = (value, of) => `${of > 0 ? Math.max(0, Math.min(100, (value / of) * 100)) : 0}%`;

/** Lying bars. `rows`: `{ name, value, text, tone?, part? }`, `part` of the value is drawn darker. */
export const bars = (caption, rows, head = ["", ""]) => {
  const most = Math.max(1, ...rows.map((row) => row.value));
  return h("div", { class: "chart" },
    h("div", { class: "bars", role: "img", "aria-label": `${caption}: ${rows.slice(0, 8).map((row) => `${row.title ?? row.name} ${row.text}`).join(", ")}` },
      rows.map((row) => h("div", { class: "bar-row" }, h("span", { class: "bar-name", title: row.title ?? row.name }, row.name),
        h("span", { class: "bar-track" }, h("span", { class: `bar tone-${row.tone ?? "busy"}`, css: { width: share(row.value, most) } }, row.part ? h("span", { class: "bar-part", css: { width: share(row.part, row.value) } }) : null)),
        h("span", { class: "bar-text num" }, row.text)))),
    behind(caption, head, rows.map((row) => [row.title ?? row.name, row.text])));
};

/** Standing bars over time. `rows`: `{ name, value }`. */
export const columns = (caption, rows, head, tone = "frozen") => {
  const most = Math.max(1, ...rows.map((row) => row.value));
  const total = rows.reduce((sum, row) => sum + row.value, 0);
  return h("div", { class: "chart" },
    h("div", { class: "columns", role: "img", "aria-label": `${caption}: ${total} in ${rows.length} parts of time, at most ${Math.max(0, ...rows.map((row) => row.value))} in one` },
      h("span", { class: "columns-most num" }, String(most)),
      rows.map((row) => h("span", { class: "column", title: `${row.name}: ${row.value}` }, h("span", { class: `column-bar tone-${tone}`, css: { height: share(row.value, most) } })))),
    rows.length > 0 ? h("div", { class: "columns-axis num", "aria-hidden": "true" }, h("span", {}, rows[0].name), h("span", {}, rows.at(-1).name)) : null,
    behind(caption, head, rows.filter((row) => row.value > 0).map((row) => [row.name, String(row.value)])));
};

/** One bar made of parts. `rows`: `{ name, value, text, tone }`. */
export const stacked = (caption, rows) => {
  const total = rows.reduce((sum, row) => sum + row.value, 0);
  const shown = rows.filter((row) => row.value > 0);
  return h("div", { class: "stack", role: "img", "aria-label": `${caption}: ${shown.map((row) => `${row.name} ${row.text}`).join(", ") || "nothing"}` },
    shown.map((row) => h("span", { class: `stack-part tone-${row.tone}`, title: `${row.name}: ${row.text}`, css: { width: share(row.value, total) } })));
};
