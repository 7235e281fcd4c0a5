// The table behind a task graph. It shows a part at a time, so that five thousand nodes are no five thousand rows.

import { fill, h } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { countdown, instant, nodeBadge, table } from "../lib/parts.js";
import { nodeState, stateIndex } from "../lib/states.js";

const PART = 100;

/** Keeps a table in `root`. */
export const nodeList = (root, { onChoose }) => {
  let nodes = [];
  let shown = PART;
  let chosen = -1;
  let state = null;
  let sorted = { by: "ordinal", down: false };
  const columns = [
    { id: "ordinal", name: "Node", cell: (row) => h("button", { type: "button", class: "link", "data-key": `node-${row.at}`, "aria-pressed": String(row.at === chosen), onclick: () => onChoose(row.at) }, row.node.label ? `${row.node.ordinal} ${row.node.label}` : `Node ${row.node.ordinal}`), sort: (row) => row.node.ordinal },
    { id: "state", name: "State", cell: (row) => nodeBadge(row.node.state), sort: (row) => stateIndex(row.node.state) },
    { id: "tier", name: "Tier", end: true, cell: (row) => count(row.node.tier), sort: (row) => row.node.tier },
    { id: "attempt", name: "Attempt", end: true, cell: (row) => count(row.node.attempt), sort: (row) => row.node.attempt },
    { id: "since", name: "Since", end: true, cell: (row) => instant(row.node.since), sort: (row) => row.node.since },
    { id: "expires", name: "Ends in", end: true, cell: (row) => (row.node.expiresAt ? countdown(row.node.expiresAt) : h("span", { class: "dim" }, "–")), sort: (row) => row.node.expiresAt },
  ];
  const render = () => {
    const all = nodes.map((node, at) => ({ node, at })).filter((row) => state === null || stateIndex(row.node.state) === state);
    const by = columns.find((column) => column.id === sorted.by);
    const value = (row) => by.sort(row) ?? Infinity;
    all.sort((a, b) => (value(a) === value(b) ? a.at - b.at : (value(a) < value(b) ? -1 : 1) * (sorted.down ? -1 : 1)));
    fill(root, table({ caption: "Nodes", columns, rows: all.slice(0, shown), key: (row) => row.at, sorted: null, nothing: "No node is like that.", rowClass: (row) => (row.at === chosen ? "chosen" : null) }),
      h("p", { class: "note" }, `${count(Math.min(shown, all.length))} of ${count(all.length)} `,
        all.length > shown ? h("button", { type: "button", "data-key": "more", onclick: () => { shown += PART; render(); } }, "Show more") : null, " Sort by ",
        columns.map((column) => h("button", { type: "button", class: "small", "aria-pressed": String(sorted.by === column.id), "data-key": `by-${column.id}`, onclick: () => { sorted = { by: column.id, down: sorted.by === column.id && !sorted.down }; render(); } }, column.name))));
  };
  return {
    show(list) {
      nodes = list;
      render();
    },
    only(at) {
      state = at;
      shown = PART;
      render();
    },
    choose(at) {
      if (at === chosen) return;
      chosen = at;
      render();
    },
    states: () => nodes.map((node) => nodeState(node.state).id),
  };
};
