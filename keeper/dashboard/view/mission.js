// One mission: its task graph, its nodes, and when they did what.

import { announce, fill, h } from "../lib/dom.js";
import { count, time, words } from "../lib/format.js";
import { countdown, empty, fact, hash, instant, missionBadge, missionLink, nodeBadge, panel, problem, unknown } from "../lib/parts.js";
import { NODE_STATES, UNKNOWN, mark, nodeState, stateIndex } from "../lib/states.js";
import { offer } from "../lib/offer.js";
import { ask, get } from "../lib/store.js";
import { amount } from "../lib/units.js";
import { DagView } from "../dag/view.js";
import { place } from "../dag/place.js";
import { gantt } from "./gantt.js";
import { nodeList } from "./nodes.js";

// A search marks no more than this.
const FOUND_MAX = 200;
const NODES_MAX = 5_000;
// States in which a node can be frozen.
const FREEZABLE = ["ELIGIBLE", "EXECUTING"];

const facts = (id) => {
  const one = get("missions")?.items?.find((mission) => mission.id === id);
  if (!one) return empty("The list of missions does not have it (any more).");
  return h("dl", { class: "facts wide" }, fact("State", missionBadge(one.state), one.halt ? h("span", { class: "severity critical" }, words(one.halt)) : null, one.haltedUntil ? [" until ", countdown(one.haltedUntil)] : null),
    fact("Deadline", countdown(one.deadline)), fact("Sponsor", hash(one.sponsor)), fact("Session", hash(one.session)), fact("Epoch", count(one.epoch)), fact("Refinements", count(one.refinements)),
    one.parent ? fact("Parent", missionLink(one.parent)) : null, fact("Deposited", amount(one.money?.deposited)), fact("Paid", amount(one.money?.paid)), fact("Slashed", amount(one.money?.slashed)), fact("Gas", count(one.gas)));
};

const details = (id, node, view, onClose) => {
  const kin = view.kin();
  return [h("div", { class: "dialog-head" }, h("h3", {}, node.label ?? `Node ${node.ordinal}`), h("button", { type: "button", class: "icon", "aria-label": "Choose nothing", "data-key": "unchoose", onclick: onClose }, "×")),
    h("p", {}, nodeBadge(node.state), h("span", { class: "dim" }, ` for `), node.expiresAt ? countdown(node.expiresAt) : "as long as it takes"),
    h("dl", { class: "facts" }, fact("Node", count(node.ordinal)), fact("Attempt", count(node.attempt)), fact("Tier", node.tier ? ["proof", "consensus", "review"][node.tier - 1] ?? count(node.tier) : "–"),
      fact("Seats", `${count(node.threshold)} of ${count(node.redundancy)} must agree`), fact("Budget", amount(node.budget)), fact("Leads here", count(kin.ancestors)), fact("Follows", count(kin.descendants)),
      fact("Output", hash(node.outputHash)), fact("Terms", hash(node.digest))),
    h("h4", {}, "Executors"), (node.seats ?? []).length === 0 ? empty("Nobody has accepted yet.") : h("ul", { class: "seats" }, node.seats.slice(0, 16).map((seat) => h("li", {}, hash(seat.agent), seat.submitted ? " handed in" : seat.accepted ? " accepted" : " named", FREEZABLE.includes(node.state) ? [" ", offer("Freeze", "freeze-node", id, node.ordinal, node.attempt, seat.agent)] : null))),
    h("h4", {}, "What happened"), h("ol", { class: "steps" }, (node.transitions ?? []).slice(0, 32).map(([state, at]) => h("li", {}, mark(nodeState(state)), h("span", {}, nodeState(state) === UNKNOWN ? String(state) : nodeState(state).name), instant(at))))];
};

export const show = (root, { argument: id, on, until }) => {
  const head = h("div");
  const canvas = h("canvas", { class: "dag", tabindex: "0", role: "application", "aria-label": "Task graph. Arrow keys walk along its edges, plus and minus magnify, 0 shows all of it.", "aria-describedby": "dag-said" });
  const side = h("aside", { class: "dag-side", "aria-label": "Chosen node" });
  const legend = h("div", { class: "legend", role: "group", "aria-label": "States: press to let one stand out" });
  const said = h("p", { id: "dag-said", class: "note dag-note" });
  const list = h("div");
  const times = h("div");
  const search = h("input", { type: "search", placeholder: "Label, number, agent", "aria-label": "Search nodes" });
  const button = (label, text, act) => h("button", { type: "button", class: "icon", "aria-label": label, onclick: act }, text);
  const tools = h("div", { class: "filters" }, search, button("Magnify", "+", () => view.zoom(1.25)), button("Make smaller", "−", () => view.zoom(0.8)), button("Show all", "⤢", () => view.fit()));
  root.append(h("nav", { class: "crumbs", "aria-label": "Way here" }, h("a", { href: "#/missions" }, "Missions"), " / ", h("span", { class: "mono" }, String(id ?? ""))), panel("Mission", {}, head),
    panel("Task graph", { tools }, legend, h("div", { class: "dag-frame" }, canvas, side), said), panel("Timeline", { class: "timeline" }, times), panel("Nodes", {}, list));

  let mission = null;
  let only = null;
  const index = new Map();
  const choose = (at) => {
    side.hidden = at < 0;
    if (at >= 0) fill(side, details(id, mission.nodes[at], view, () => { view.choose(-1); canvas.focus(); }));
    nodes.choose(at);
  };
  const view = new DagView(canvas, {
    onChoose: choose,
    onSay: (at) => {
      const { ancestors, descendants } = view.kin();
      announce(`${mission.nodes[at].label ?? `node ${mission.nodes[at].ordinal}`}, ${nodeState(mission.nodes[at].state).name}; ${ancestors} lead here, ${descendants} follow`);
    },
  });
  until(() => view.close());
  // Tests and people who measure ask the canvas what is on it.
  canvas.dag = view;
  const nodes = nodeList(list, { onChoose: (at) => { view.choose(at); view.reveal(at, true); } });
  side.hidden = true;

  // A small graph takes no more room than it needs.
  const shape = (placed) => {
    const wide = Math.min(1.15, (canvas.clientWidth - 56) / (placed.width + 148));
    canvas.style.setProperty("height", `clamp(320px, ${Math.ceil((placed.height + 36) * wide + 96)}px, min(60vh, 620px))`);
    view.resize();
  };
  // Why the keeper told nothing, until it does: what comes meanwhile of other missions must not hide it.
  let refused = null;
  const drawHead = () => (refused === null
    ? fill(head, facts(id), unknown(mission))
    : fill(head, problem(refused), h("button", { type: "button", onclick: load }, "Try again")));
  const drawLegend = () => fill(legend, NODE_STATES.map((state, at) => {
    const many = mission ? mission.nodes.filter((node) => stateIndex(node.state) === at).length : 0;
    return h("button", { type: "button", class: `chip tone-${state.tone}`, "aria-pressed": String(only === at), disabled: many === 0 && only !== at, "data-key": `state-${state.id}`, onclick: () => {
      only = only === at ? null : at;
      stepBack();
      drawLegend();
      nodes.only(only);
    } }, mark(state), state.name, h("span", { class: "num" }, ` ${count(many)}`));
  }));
  const stepBack = () => view.dim(only === null ? null : Uint8Array.from(mission.nodes, (node) => Number(stateIndex(node.state) !== only)));

  const told = () => {
    drawLegend();
    stepBack();
    fill(times, gantt(mission, get("missions")?.items?.find((one) => one.id === id)));
    nodes.show(mission.nodes);
    if (view.chosen >= 0) choose(view.chosen);
  };
  const load = async () => {
    let found;
    try {
      found = await ask(`missions/${encodeURIComponent(id)}`);
      refused = null;
    } catch (error) {
      refused = error;
      drawHead();
      return;
    }
    const same = mission && mission.nodes.length === found.nodes?.length && JSON.stringify(mission.edges) === JSON.stringify(found.edges);
    mission = { ...found, nodes: (Array.isArray(found.nodes) ? found.nodes : []).slice(0, NODES_MAX), edges: Array.isArray(found.edges) ? found.edges : [] };
    index.clear();
    mission.nodes.forEach((node, at) => index.set(node.ordinal, at));
    drawHead();
    if (same) {
      view.graph.states = mission.nodes.map((node) => stateIndex(node.state));
      told();
      return;
    }
    const edges = mission.edges.filter((edge) => index.has(edge?.[0]) && index.has(edge?.[1])).flatMap(([from, to]) => [index.get(from), index.get(to)]);
    fill(said, "Placing the nodes…");
    try {
      const placed = await place(mission.nodes.length, Uint32Array.from(edges));
      if (!canvas.isConnected) return;
      const labels = mission.nodes.map((node) => (node.label ? `${node.ordinal} ${node.label}` : `Node ${node.ordinal}`));
      shape(placed);
      view.show({ ...placed, count: mission.nodes.length, edges: Uint32Array.from(edges), labels, states: mission.nodes.map((node) => stateIndex(node.state)) });
      fill(said, `${count(mission.nodes.length)} nodes, ${count(edges.length / 2)} edges. As of block ${count(mission.block?.number)}, ${time(mission.block?.time)} UTC. Dashed: what leads to the chosen node; whole: what follows.`,
        placed.cyclic ? h("strong", {}, " The keeper tells a circle, which no statute has.") : null);
    } catch (error) {
      fill(said, String(error.message));
    }
    told();
  };
  search.addEventListener("input", () => {
    if (!mission) return;
    const text = search.value.trim().toLowerCase();
    const matches = (node) => String(node.ordinal) === text || String(node.label ?? "").toLowerCase().includes(text) || (node.seats ?? []).some((seat) => String(seat.agent).toLowerCase().includes(text));
    const found = text === "" ? [] : mission.nodes.map((node, at) => (matches(node) ? at : -1)).filter((at) => at >= 0);
    view.mark(found.slice(0, FOUND_MAX));
    if (text !== "") announce(`${found.length} found`);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || view.found.length === 0) return;
    const next = view.found[(view.found.indexOf(view.chosen) + 1) % view.found.length];
    view.choose(next);
    view.reveal(next, true);
    view.onSay(next);
  });
  let due;
  const later = () => {
    // A busy mission is asked for once a second at most, a large one less often: five thousand nodes every ten seconds.
    due ??= setTimeout(() => { due = undefined; if (canvas.isConnected) load(); }, Math.max(1000, 2 * mission.nodes.length));
  };
  until(() => clearTimeout(due));
  on("mission", (change) => {
    if (change.id !== id || !mission) return;
    if (!Array.isArray(change.nodes)) return later();
    for (const one of change.nodes) {
      const at = index.get(one?.ordinal);
      if (at === undefined) continue;
      const node = mission.nodes[at];
      if (one.state !== node.state) node.transitions = [...(node.transitions ?? []), [one.state, one.since ?? null]].slice(-32);
      Object.assign(node, { state: one.state, attempt: one.attempt, since: one.since, expiresAt: one.expiresAt });
      if (view.graph) view.graph.states[at] = stateIndex(one.state);
    }
    told();
    later();
  });
  on("missions", drawHead);
  drawHead();
  drawLegend();
  load();
};
