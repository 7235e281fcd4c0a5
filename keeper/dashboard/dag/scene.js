// What a task graph looks like on a canvas: nothing here knows of pointers or keys. Far away nodes are blocks of their states' colours, near by they are
// cards; edges that are out of sight are left out, and all that look alike are one stroke.

import { HEIGHT, WIDTH } from "./layout.js";
import { NODE_STATES, UNKNOWN } from "../lib/states.js";

const LOOKS = [...NODE_STATES, UNKNOWN];
const MARKS = LOOKS.map((state) => new Path2D(state.mark));
const FAR = 0.3;
// So few nodes are cards at any distance, since a block has no shape to tell states by.
const FEW = 300;
const NEAR = 0.62;

/** Colours of the page's present theme. */
export const palette = (element) => {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    tones: LOOKS.map((state) => of(`--tone-${state.tone}`)),
    washes: LOOKS.map((state) => of(`--wash-${state.tone}`)),
    panel: of("--panel"), ink: of("--ink"), dim: of("--ink-2"), line: of("--edge"), accent: of("--accent"), ground: of("--ground"),
    font: style.fontFamily,
  };
};

const box = (context, x, y, w, h, r) => {
  context.beginPath();
  context.roundRect(x, y, w, h, r);
};

const fit = (context, text, width) => {
  if (context.measureText(text).width <= width) return text;
  let cut = text.length;
  while (cut > 1 && context.measureText(`${text.slice(0, cut)}…`).width > width) cut -= 1;
  return `${text.slice(0, cut)}…`;
};

const strokeEdges = (context, graph, view, take) => {
  const { x, y, edges } = graph;
  const curved = view.scale >= FAR;
  context.beginPath();
  for (let at = 0; at < edges.length; at += 2) {
    const [a, b] = [edges[at], edges[at + 1]];
    if (take !== null && !take(a, b)) continue;
    const [ax, ay, bx, by] = [x[a] + WIDTH / 2, y[a], x[b] - WIDTH / 2, y[b]];
    if (Math.max(ax, bx) < view.left || Math.min(ax, bx) > view.right || Math.max(ay, by) < view.top || Math.min(ay, by) > view.bottom) continue;
    context.moveTo(ax, ay);
    if (curved) {
      const pull = Math.max(24, (bx - ax) / 2);
      context.bezierCurveTo(ax + pull, ay, bx - pull, by, bx, by);
    } else context.lineTo(bx, by);
  }
  context.stroke();
};

const arrow = (context, graph, view, take) => {
  const { x, y, edges } = graph;
  context.beginPath();
  for (let at = 0; at < edges.length; at += 2) {
    const [a, b] = [edges[at], edges[at + 1]];
    if (take !== null && !take(a, b)) continue;
    const [bx, by] = [x[b] - WIDTH / 2, y[b]];
    if (bx < view.left || bx > view.right || by < view.top || by > view.bottom) continue;
    context.moveTo(bx - 7, by - 4);
    context.lineTo(bx, by);
    context.lineTo(bx - 7, by + 4);
  }
  context.stroke();
};

const card = (context, graph, at, colours, view) => {
  const [x, y, state] = [graph.x[at] - WIDTH / 2, graph.y[at] - HEIGHT / 2, graph.states[at]];
  box(context, x, y, WIDTH, HEIGHT, 7);
  context.fillStyle = colours.panel;
  context.fill();
  context.fillStyle = colours.washes[state];
  context.fill();
  context.lineWidth = 1.2;
  context.strokeStyle = colours.tones[state];
  context.stroke();
  context.save();
  // Without its words a card is all mark.
  const large = view.scale >= NEAR ? 1 : 1.9;
  context.translate(view.scale >= NEAR ? x + 9 : graph.x[at] - 8 * large, y + HEIGHT / 2 - 8 * large);
  context.scale(large, large);
  context.lineWidth = 1.8;
  context.lineCap = "round";
  context.lineJoin = "round";
  if (LOOKS[state].solid) {
    context.fillStyle = colours.tones[state];
    context.fill(MARKS[state]);
  }
  context.stroke(MARKS[state]);
  context.restore();
  if (view.scale >= NEAR) {
    context.fillStyle = colours.ink;
    context.font = `600 12px ${colours.font}`;
    context.textBaseline = "alphabetic";
    context.fillText(fit(context, graph.labels[at], WIDTH - 42), x + 32, y + 15);
    context.fillStyle = colours.dim;
    context.font = `10.5px ${colours.font}`;
    context.fillText(fit(context, LOOKS[state].name, WIDTH - 42), x + 32, y + 28.5);
  }
};

/** Draws what is in sight. `view`: `{ scale, x, y, width, height, ratio }`; the drawing's point p stands at p × scale + (x, y). */
export const draw = (context, graph, given, look) => {
  const { colours, chosen, ancestors, descendants, dimmed, found } = look;
  const { scale, width, height, ratio } = given;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, width, height);
  if (!graph) return;
  context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * given.x, ratio * given.y);
  const view = { scale, left: -given.x / scale - WIDTH, right: (width - given.x) / scale + WIDTH, top: -given.y / scale - HEIGHT, bottom: (height - given.y) / scale + HEIGHT };
  const lit = chosen >= 0;

  context.strokeStyle = colours.line;
  context.lineWidth = Math.min(1.4 / scale, Math.max(1.1, 0.7 / scale));
  context.globalAlpha = lit ? 0.45 : scale < FAR ? 0.55 : 1;
  strokeEdges(context, graph, view, null);
  if (scale >= NEAR) arrow(context, graph, view, null);
  context.globalAlpha = 1;
  if (lit) {
    context.strokeStyle = colours.accent;
    context.lineWidth = Math.max(2, 1.6 / scale);
    // What leads to the node is dashed, what follows from it is whole.
    context.setLineDash([7 / Math.min(1, scale), 4 / Math.min(1, scale)]);
    strokeEdges(context, graph, view, (a, b) => ancestors[a] && ancestors[b]);
    context.setLineDash([]);
    strokeEdges(context, graph, view, (a, b) => descendants[a] && descendants[b]);
  }

  const seen = [];
  for (let at = 0; at < graph.count; at += 1) if (graph.x[at] >= view.left && graph.x[at] <= view.right && graph.y[at] >= view.top && graph.y[at] <= view.bottom) seen.push(at);
  const faded = (at) => (lit && !ancestors[at] && !descendants[at]) || dimmed?.[at] === 1;
  if (scale < FAR && seen.length > FEW) {
    const wide = Math.max(WIDTH, 3 / scale);
    const high = Math.max(HEIGHT, 3 / scale);
    for (const fade of [true, false]) {
      context.globalAlpha = fade ? 0.22 : 1;
      for (let state = 0; state < LOOKS.length; state += 1) {
        context.fillStyle = colours.tones[state];
        for (const at of seen) if (graph.states[at] === state && faded(at) === fade) context.fillRect(graph.x[at] - wide / 2, graph.y[at] - high / 2, wide, high);
      }
    }
    context.globalAlpha = 1;
  } else {
    for (const at of seen) {
      context.globalAlpha = faded(at) ? 0.28 : 1;
      card(context, graph, at, colours, view);
    }
    context.globalAlpha = 1;
  }
  const ring = (at, colour, thick, dash) => {
    context.strokeStyle = colour;
    context.lineWidth = Math.max(thick, thick / scale);
    context.setLineDash(dash);
    box(context, graph.x[at] - WIDTH / 2 - 4, graph.y[at] - HEIGHT / 2 - 4, WIDTH + 8, HEIGHT + 8, 10);
    context.stroke();
    context.setLineDash([]);
  };
  for (const at of found ?? []) ring(at, colours.ink, 1.5, [3 / Math.min(1, scale), 3 / Math.min(1, scale)]);
  if (lit) ring(chosen, colours.accent, 2.5, []);
};
