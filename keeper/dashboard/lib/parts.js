// Parts that several views are made of.

import { h, s, unseen } from "./dom.js";
import { brief, span, time, words } from "./format.js";
import { mark, missionTone, nodeState } from "./states.js";
import { now } from "./store.js";

/** A panel with a heading. */
export const panel = (title, props, ...children) => {
  const { note, tools, ...rest } = props ?? {};
  return h("section", { ...rest, class: `panel ${rest.class ?? ""}`.trim() },
    h("div", { class: "panel-head" }, h("h2", {}, title), note ? h("p", { class: "note" }, note) : null, tools ?? null), children);
};

/** What is said where there is nothing. */
export const empty = (text) => h("p", { class: "empty" }, text);

/** A fact with its name, in a list of class `facts`. */
export const fact = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** What went wrong, in the words of who refused it, and what can be done. */
export const problem = (error) => h("p", { class: "problem", role: "alert" }, String(error.message ?? error), error.todo ? `: ${error.todo}` : "");

/** What a section does not know, and why. */
export const unknown = (section) => {
  const list = Array.isArray(section?.unknown) ? section.unknown.slice(0, 16) : [];
  return list.length === 0 ? null : h("ul", { class: "unknown" }, list.map((one) => h("li", {}, h("strong", {}, String(one?.field ?? "")), ": ", String(one?.why ?? ""))));
};

/** An address or a hash: short for eyes, whole for readers of screens, and copied by a press. */
export const hash = (value) =>
  value === null || value === undefined ? h("span", { class: "dim" }, "–")
    : h("button", { type: "button", class: "hash", title: `${value}`, "data-key": `hash-${value}`,
      onclick: ({ currentTarget }) => copy(String(value), currentTarget) }, brief(value), unseen(`, copy ${value}`));

const copy = async (text, button) => {
  try {
    await navigator.clipboard.writeText(text);
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 900);
  } catch {
    button.textContent = text;
  }
};

/** A command line that can be copied. */
export const command = (text) => (text ? h("div", { class: "command" }, h("code", { tabindex: "0", "data-key": `code-${text}` }, text), h("button", { type: "button", class: "small", "data-key": `copy-${text}`, "aria-label": `Copy: ${text}`, onclick: ({ currentTarget }) => copy(text, currentTarget) }, "Copy")) : null);

/** Actions that can be prepared here, beside each other. */
export const offers = (list) => (list ? h("p", { class: "filters" }, list) : null);

/** The state of a node. */
export const nodeBadge = (id) => {
  const state = nodeState(id);
  return h("span", { class: `badge tone-${state.tone}` }, mark(state), state === nodeState("?") ? String(id) : state.name);
};

/** The state of a mission. */
export const missionBadge = (id) => h("span", { class: `badge tone-${missionTone(id)}` }, words(id));

/** How urgent something is: in words, and with a mark. */
export const severity = (level) => h("span", { class: `severity ${["critical", "warning", "notice"].includes(level) ? level : "notice"}` }, words(level));

/** A link to a mission. */
export const missionLink = (id, text = brief(id)) => (id ? h("a", { class: "mono", href: `#/mission/${encodeURIComponent(id)}`, title: id, "data-key": `m-${id}` }, text) : h("span", { class: "dim" }, "–"));

/** An instant, with how long ago it is on hover. */
export const instant = (at) => (at === null || at === undefined ? h("span", { class: "dim" }, "–") : h("time", { datetime: time(at).replace(" ", "T") + "Z", title: `${time(at)} UTC`, class: "num" }, time(at).slice(5, 16)));

/** Time that is left, counted down in place by `tick`. */
export const countdown = (until, whole) => {
  if (until === null || until === undefined) return h("span", { class: "dim" }, "no deadline");
  const node = h("span", { class: "countdown num", "data-until": until, "data-whole": whole ?? "", title: `${time(until)} UTC` });
  count(node);
  return node;
};

const count = (node) => {
  const left = Number(node.dataset.until) - (now() ?? Number(node.dataset.until));
  const whole = Number(node.dataset.whole) || 0;
  const text = left >= 0 ? span(left) : `${span(-left)} over`;
  if (node.textContent !== text) node.textContent = text;
  node.classList.toggle("over", left < 0);
  node.classList.toggle("near", left >= 0 && (whole > 0 ? left < whole / 4 : left < 300));
};

/** Counts all that is counted down. */
export const tick = () => document.querySelectorAll("[data-until]").forEach(count);

/** A table. `columns`: `{ name, cell(row), sort?(row), end?: bool, id }`; sorting is by pressing a heading. */
export const table = ({ caption, columns, rows, key, sorted, onSort, nothing, rowClass }) => {
  let shown = rows;
  const by = columns.find((column) => column.id === sorted?.by);
  if (by?.sort) {
    shown = [...rows].sort((a, b) => {
      const [x, y] = [by.sort(a), by.sort(b)];
      const way = x === y ? 0 : x === null || x === undefined ? 1 : y === null || y === undefined ? -1 : x < y ? -1 : 1;
      return sorted.down ? -way : way;
    });
  }
  const head = (column) => {
    const on = sorted?.by === column.id;
    const label = !onSort || !column.sort ? column.name
      : h("button", { type: "button", class: "sort", "data-key": `sort-${column.id}`, onclick: () => onSort({ by: column.id, down: on ? !sorted.down : Boolean(column.end) }) },
        column.name, h("span", { "aria-hidden": "true", class: "arrow" }, on ? (sorted.down ? "▾" : "▴") : ""));
    return h("th", { scope: "col", class: column.end ? "end" : null, "aria-sort": on ? (sorted.down ? "descending" : "ascending") : null }, label);
  };
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption, "data-key": `table-${caption}` },
    h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, columns.map(head))),
      h("tbody", {}, shown.length === 0 ? h("tr", {}, h("td", { colspan: columns.length, class: "empty" }, nothing ?? "Nothing here"))
        : shown.map((row) => h("tr", { class: rowClass?.(row), "data-row": key?.(row) }, columns.map((column) => h("td", { class: column.end ? "end num" : null }, column.cell(row))))))));
};

/** The table behind a chart. */
export const behind = (caption, head, rows) =>
  h("details", { class: "behind" }, h("summary", { "data-key": `behind-${caption}` }, "As a table", unseen(`: ${caption}`)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, h("table", {}, h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, head.map((name, at) => h("th", { scope: "col", class: at > 0 ? "end" : null }, name)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, at) => h("td", { class: at > 0 ? "end num" : null }, cell))))))));

/** A mark that does not lean on colour: holds, does not, or is not known. */
export const verdict = (holds, good = "holds", bad = "does not hold", none = "not known") =>
  h("span", { class: `verdict ${holds === true ? "good" : holds === false ? "bad" : "dim"}` },
    s("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, s("path", { d: nodeState(holds === true ? "COMPLETED" : holds === false ? "FAILED" : "?").mark, fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round" })),
    holds === true ? good : holds === false ? bad : none);
