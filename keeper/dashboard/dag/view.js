// A task graph that can be moved, magnified, searched and walked through, by pointer, touch and keys. It draws when something changed, once a frame.

import { HEIGHT, ROW, WIDTH, neighbours, reach } from "./layout.js";
import { draw, palette } from "./scene.js";

const SCALE_LEAST = 0.02;
const SCALE_MOST = 2.5;
const FIT_MOST = 1.15;
const MARGIN = 28;
const TAP_PX = 5;
const FRAMES_KEPT = 600;

/** Node under a point of the drawing, or -1. Small nodes far away are as large as a finger's tip needs. */
export const hit = (graph, x, y, scale) => {
  const [wide, high] = [Math.max(WIDTH, 8 / scale) / 2, Math.max(HEIGHT, 8 / scale) / 2];
  let found = -1;
  let best = Infinity;
  for (let at = 0; at < graph.count; at += 1) {
    const [dx, dy] = [Math.abs(graph.x[at] - x), Math.abs(graph.y[at] - y)];
    if (dx <= wide && dy <= high && dx + dy < best) [found, best] = [at, dx + dy];
  }
  return found;
};

export class DagView {
  /** `onChoose(index)` hears of the chosen node, -1 for none; `onSay(index)` says it to readers of screens. */
  constructor(canvas, { onChoose, onSay }) {
    Object.assign(this, { canvas, onChoose, onSay, graph: null, chosen: -1, dimmed: null, found: [], frames: [], pointers: new Map() });
    this.context = canvas.getContext("2d", { alpha: false });
    this.view = { scale: 1, x: 0, y: 0, width: 1, height: 1, ratio: 1 };
    this.free = new AbortController();
    const { signal } = this.free;
    this.size = new ResizeObserver(() => this.resize());
    this.size.observe(canvas);
    const hear = (name, ear, rest) => canvas.addEventListener(name, ear.bind(this), { signal, ...rest });
    hear("pointerdown", this.down);
    hear("pointermove", this.move);
    hear("pointerup", this.up);
    hear("pointercancel", this.up);
    hear("wheel", this.wheel, { passive: false });
    hear("keydown", this.key);
    hear("focus", () => this.paint());
    document.addEventListener("themechange", () => this.retheme(), { signal });
    this.retheme();
  }

  close() {
    this.free.abort();
    this.size.disconnect();
    cancelAnimationFrame(this.asked);
    this.graph = null;
  }

  retheme() {
    this.colours = palette(this.canvas);
    this.paint();
  }

  /** Shows a graph: `{ count, edges, labels, states, x, y, width, height }`. */
  show(graph) {
    this.graph = graph;
    this.after = neighbours(graph.count, graph.edges, 0, 1);
    this.before = neighbours(graph.count, graph.edges, 1, 0);
    this.choose(-1, false);
    this.fit();
  }

  /** Lets nodes stand out or step back: `mask[i]` 1 steps back. */
  dim(mask) {
    this.dimmed = mask;
    this.paint();
  }

  /** Marks what a search found, and goes to the first. */
  mark(found) {
    this.found = found;
    if (found.length > 0) this.reveal(found[0], true);
    this.paint();
  }

  choose(at, told = true) {
    this.chosen = at;
    if (at >= 0) {
      this.ancestors = reach(this.graph.count, this.before, at);
      this.descendants = reach(this.graph.count, this.after, at);
    } else this.ancestors = this.descendants = null;
    this.paint();
    if (told) this.onChoose(at);
  }

  /** How many lead to the chosen node, and how many follow. */
  kin() {
    const sum = (mask) => (mask ? mask.reduce((all, one) => all + one, 0) - 1 : 0);
    return { ancestors: sum(this.ancestors), descendants: sum(this.descendants) };
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    Object.assign(this.view, { width, height, ratio });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    // What was all in sight stays so when there is less room; where somebody went stays as it is.
    if (this.fitted && this.graph) this.fit();
    else this.paint();
  }

  fit() {
    const { graph, view } = this;
    this.fitted = true;
    if (!graph || view.width === 1) return;
    const [wide, high] = [graph.width + WIDTH, graph.height + HEIGHT];
    view.scale = Math.max(SCALE_LEAST, Math.min(FIT_MOST, (view.width - 2 * MARGIN) / wide, (view.height - 2 * MARGIN) / high));
    view.x = (view.width - graph.width * view.scale) / 2;
    view.y = (view.height - graph.height * view.scale) / 2;
    this.paint();
  }

  zoom(by, px = this.view.width / 2, py = this.view.height / 2) {
    const { view } = this;
    this.fitted = false;
    const scale = Math.max(SCALE_LEAST, Math.min(SCALE_MOST, view.scale * by));
    view.x = px - ((px - view.x) * scale) / view.scale;
    view.y = py - ((py - view.y) * scale) / view.scale;
    view.scale = scale;
    this.paint();
  }

  pan(dx, dy) {
    this.fitted = false;
    this.view.x += dx;
    this.view.y += dy;
    this.paint();
  }

  /** Brings a node into sight, near enough to be read if `near`. */
  reveal(at, near) {
    const { graph, view } = this;
    if (near) this.fitted = false;
    if (near && view.scale < 0.7) view.scale = 0.9;
    const [x, y] = [graph.x[at] * view.scale + view.x, graph.y[at] * view.scale + view.y];
    const [mx, my] = [Math.min(140, view.width / 4), Math.min(70, view.height / 4)];
    if (near || x < mx || x > view.width - mx || y < my || y > view.height - my) {
      this.fitted = false;
      view.x = view.width / 2 - graph.x[at] * view.scale;
      view.y = view.height / 2 - graph.y[at] * view.scale;
    }
    this.paint();
  }

  /** Where a node stands on the canvas, in pixels of the page. */
  where(at) {
    return { x: this.graph.x[at] * this.view.scale + this.view.x, y: this.graph.y[at] * this.view.scale + this.view.y };
  }

  at(px, py) {
    return this.graph ? hit(this.graph, (px - this.view.x) / this.view.scale, (py - this.view.y) / this.view.scale, this.view.scale) : -1;
  }

  down(event) {
    if (event.button > 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (this.pointers.size === 1) this.moved = 0;
  }

  move(event) {
    const was = this.pointers.get(event.pointerId);
    if (!was) {
      this.canvas.classList.toggle("over-node", this.at(event.offsetX, event.offsetY) >= 0);
      return;
    }
    const is = { x: event.offsetX, y: event.offsetY };
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const far = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      this.zoom(far(is) / far(was), (is.x + other.x) / 2, (is.y + other.y) / 2);
      this.moved = Infinity;
    } else {
      this.moved += Math.abs(is.x - was.x) + Math.abs(is.y - was.y);
      if (this.moved > TAP_PX) this.pan(is.x - was.x, is.y - was.y);
    }
    this.pointers.set(event.pointerId, is);
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId) || this.pointers.size > 0) return;
    if (event.type === "pointerup" && this.moved <= TAP_PX) this.choose(this.at(event.offsetX, event.offsetY));
  }

  wheel(event) {
    // The wheel belongs to the page until somebody is at work here.
    if (!event.ctrlKey && document.activeElement !== this.canvas) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.offsetX, event.offsetY);
  }

  key(event) {
    if (!this.graph || event.altKey || event.metaKey || event.ctrlKey) return;
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (step) {
      if (event.shiftKey) this.pan(...step);
      else this.walk(event.key);
    } else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape" && this.chosen >= 0) this.choose(-1);
    else if (event.key === "Home") this.go(0);
    else if (event.key === "End") this.go(this.graph.count - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  go(at) {
    if (at < 0 || at >= this.graph.count) return;
    this.choose(at);
    this.reveal(at, false);
    this.onSay(at);
  }

  walk(key) {
    const { graph, chosen } = this;
    if (chosen < 0) return this.go(this.at(this.view.width / 2, this.view.height / 2) >= 0 ? this.at(this.view.width / 2, this.view.height / 2) : 0);
    const near = (list) => list.reduce((best, at) => (best < 0 || Math.abs(graph.y[at] - graph.y[chosen]) < Math.abs(graph.y[best] - graph.y[chosen]) ? at : best), -1);
    const of = ({ first, list }) => [...list.slice(first[chosen], first[chosen + 1])];
    if (key === "ArrowLeft") return this.go(near(of(this.before)));
    if (key === "ArrowRight") return this.go(near(of(this.after)));
    const up = key === "ArrowUp";
    const column = [];
    for (let at = 0; at < graph.count; at += 1) {
      const dy = graph.y[at] - graph.y[chosen];
      if (at !== chosen && Math.abs(graph.x[at] - graph.x[chosen]) < 1 && (up ? dy < 0 : dy > 0) && Math.abs(dy) >= ROW / 4) column.push(at);
    }
    return this.go(near(column));
  }

  paint() {
    if (this.asked) return;
    this.asked = requestAnimationFrame((time) => {
      this.asked = 0;
      const begun = performance.now();
      draw(this.context, this.graph, this.view, { colours: this.colours, chosen: this.graph ? this.chosen : -1, ancestors: this.ancestors, descendants: this.descendants, dimmed: this.dimmed, found: this.found });
      this.frames.push({ time, took: performance.now() - begun });
      if (this.frames.length > FRAMES_KEPT) this.frames.shift();
    });
  }
}
