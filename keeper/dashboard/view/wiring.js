// Which contract may call which function of which other. Members stand on a circle in the order of the branches; a press shows one alone.

import { fill, h, s } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { empty, hash, panel, table, unknown } from "../lib/parts.js";
import { get } from "../lib/store.js";

const SIZE = 640;
const RADIUS = 236;
const BRANCHES = {
  constitution: "law", agent: "law", management: "law", service: "law", assembly: "law", legislature: "law", enactment: "law",
  statute: "work", collaboration: "work", verification: "work", guardian: "work", treasury: "work", adjudication: "people", roster: "people",
};
const NAMES = { law: ["Foundations and legislation", "ready"], work: ["Execution and money", "good"], people: ["Adjudication", "review"], other: ["Other", "idle"] };

const graph = (nodes, edges, chosen, choose) => {
  const at = new Map(nodes.map((node, index) => {
    const angle = (index / nodes.length) * 2 * Math.PI - Math.PI / 2;
    return [node.peer, { x: SIZE / 2 + RADIUS * Math.cos(angle), y: SIZE / 2 + RADIUS * Math.sin(angle), cos: Math.cos(angle) }];
  }));
  const touches = (edge) => chosen === null || edge.from === chosen || edge.to === chosen;
  const curve = (edge) => {
    const [a, b] = [at.get(edge.from), at.get(edge.to)];
    // Neighbours are tied near the circle, what lies across by way of its middle.
    const pull = 0.9 - 0.8 * (Math.hypot(a.x - b.x, a.y - b.y) / (2 * RADIUS));
    const middle = { x: SIZE / 2 + ((a.x + b.x) / 2 - SIZE / 2) * pull, y: SIZE / 2 + ((a.y + b.y) / 2 - SIZE / 2) * pull };
    const far = Math.hypot(b.x - middle.x, b.y - middle.y) || 1;
    const [ex, ey] = [b.x - ((b.x - middle.x) / far) * 15, b.y - ((b.y - middle.y) / far) * 15];
    return `M${a.x.toFixed(1)} ${a.y.toFixed(1)}Q${middle.x.toFixed(1)} ${middle.y.toFixed(1)} ${ex.toFixed(1)} ${ey.toFixed(1)}`;
  };
  const drawn = edges.filter((edge) => at.has(edge.from) && at.has(edge.to));
  return s("svg", { viewBox: `-70 0 ${SIZE + 140} ${SIZE}`, class: "wiring", role: "group", "aria-label": `Wiring of ${nodes.length} members, ${drawn.length} permitted calls` },
    s("defs", {}, ["", "-out", "-in"].map((kind) => s("marker", { id: `arrow${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, s("path", { d: "M1 1L7 4L1 7", class: `wire-head${kind}`, fill: "none" })))),
    [false, true].map((front) => drawn.filter((edge) => (chosen !== null && touches(edge)) === front).map((edge) => {
      const kind = !front ? "" : edge.from === chosen ? "-out" : "-in";
      return s("path", { d: curve(edge), class: `wire${kind}${chosen !== null && !front ? " faint" : ""}`, fill: "none", "marker-end": `url(#arrow${kind})` }, s("title", {}, `${edge.from} calls ${edge.functions?.length ?? 0} functions of ${edge.to}`));
    })),
    nodes.map((node) => {
      const { x, y, cos } = at.get(node.peer);
      const [, tone] = NAMES[BRANCHES[node.peer] ?? "other"];
      const press = () => choose(node.peer === chosen ? null : node.peer);
      return s("g", { class: `peer tone-${tone}${node.peer === chosen ? " chosen" : ""}`, tabindex: "0", role: "button", "aria-pressed": String(node.peer === chosen), "aria-label": node.peer, "data-key": `peer-${node.peer}`, onclick: press, onkeydown: (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          press();
        }
      } },
      s("circle", { cx: x, cy: y, r: 9 }), s("text", { x: x + (Math.abs(cos) < 0.2 ? 0 : cos > 0 ? 16 : -16), y: y + (Math.abs(cos) < 0.2 ? (y < SIZE / 2 ? -16 : 26) : 4.5), "text-anchor": Math.abs(cos) < 0.2 ? "middle" : cos > 0 ? "start" : "end" }, node.peer));
    }));
};

export const show = (root, { on, argument }) => {
  let chosen = argument;
  const picture = h("div");
  const list = h("div");
  const members = h("div");
  root.append(panel("Wiring", { note: "Who may call what. It never changes once the city is sealed. Press a member to see its calls alone: blue and whole go out, amber and dashed come in." }, picture), panel("Permitted calls", {}, list), panel("Members", {}, members));
  const columns = [
    { id: "from", name: "Caller", cell: (edge) => edge.from }, { id: "to", name: "Called", cell: (edge) => edge.to },
    { id: "functions", name: "Functions", cell: (edge) => h("span", { class: "functions" }, (edge.functions ?? []).slice(0, 64).map((name) => h("code", {}, name))) },
  ];
  const render = () => {
    const section = get("wiring");
    if (!section) return;
    const nodes = (section.nodes ?? []).slice(0, 64);
    const edges = (section.edges ?? []).slice(0, 1024);
    if (!nodes.some((node) => node.peer === chosen)) chosen = null;
    fill(picture, nodes.length === 0 ? empty("Nothing is known.") : [graph(nodes, edges, chosen, (peer) => { chosen = peer; render(); }), h("p", { class: "key" }, Object.entries(NAMES).filter(([id]) => nodes.some((node) => (BRANCHES[node.peer] ?? "other") === id)).map(([, [name, tone]]) => h("span", { class: `tone-${tone}` }, h("i", {}), name)))], unknown(section));
    const rows = edges.filter((edge) => chosen === null || edge.from === chosen || edge.to === chosen);
    fill(list, table({ caption: "Permitted calls", columns, rows }), h("p", { class: "note" }, `${count(rows.length)} of ${count(edges.length)}${chosen === null ? "" : `, of ${chosen}`}`));
    const codes = new Map((get("city")?.members ?? []).map((one) => [one.peer, one.codeHash]));
    fill(members, table({ caption: "Members", columns: [{ id: "peer", name: "Member", cell: (node) => node.peer }, { id: "address", name: "Address", cell: (node) => hash(node.address) }, { id: "code", name: "Code hash", cell: (node) => hash(codes.get(node.peer)) }], rows: nodes }));
  };
  on("wiring", render);
  on("city", () => members.childElementCount === 0 && render());
  render();
};
