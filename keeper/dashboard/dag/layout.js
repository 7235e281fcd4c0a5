// Where the nodes of a task graph stand: layers from left to right by the longest way to a node, an order within each layer that crosses few
// edges, and rows that follow their neighbours. Every loop is bounded by the graph's size times a constant, so a hostile graph costs no more than
// a large one. Pure: a worker runs it, and tests do.

/** Most nodes and edges that are drawn. */
export const NODES_MAX = 20_000;
export const EDGES_MAX = 100_000;

/** Distance of columns and rows, and the size of a node, in units of the drawing. */
export const COLUMN = 208;
export const ROW = 52;
export const WIDTH = 148;
export const HEIGHT = 36;

// Alternations of the order's sweeps, and of the rows'. More change little.
const SWEEPS = 6;
const RELAXATIONS = 4;
// A layer with more nodes than this is broken into several columns, so that no graph becomes a line.
const ROWS_MIN = 14;

/** Neighbours of all nodes: `list` from `first[i]` to `first[i + 1]`. */
export const neighbours = (count, edges, from, to) => {
  const first = new Uint32Array(count + 1);
  for (let at = 0; at < edges.length; at += 2) first[edges[at + from] + 1] += 1;
  for (let at = 0; at < count; at += 1) first[at + 1] += first[at];
  const next = first.slice(0, count);
  const list = new Uint32Array(edges.length / 2);
  for (let at = 0; at < edges.length; at += 2) {
    const node = edges[at + from];
    list[next[node]] = edges[at + to];
    next[node] += 1;
  }
  return { first, list };
};

/** All that can be reached from a node, as a mask; the node itself is in it. */
export const reach = (count, { first, list }, start) => {
  const seen = new Uint8Array(count);
  const stack = [start];
  seen[start] = 1;
  while (stack.length > 0) {
    const node = stack.pop();
    for (let at = first[node]; at < first[node + 1]; at += 1) {
      const other = list[at];
      if (!seen[other]) {
        seen[other] = 1;
        stack.push(other);
      }
    }
  }
  return seen;
};

const layering = (count, after, before) => {
  const open = Uint32Array.from({ length: count }, (_, node) => before.first[node + 1] - before.first[node]);
  const layer = new Int32Array(count).fill(-1);
  const queue = [];
  for (let node = 0; node < count; node += 1) {
    if (open[node] === 0) {
      layer[node] = 0;
      queue.push(node);
    }
  }
  for (let head = 0; head < queue.length; head += 1) {
    const node = queue[head];
    for (let at = after.first[node]; at < after.first[node + 1]; at += 1) {
      const other = after.list[at];
      layer[other] = Math.max(layer[other], layer[node] + 1);
      open[other] -= 1;
      if (open[other] === 0) queue.push(other);
    }
  }
  // What is in a circle never opens; a statute has none, but what a page is told may. It stands where it was reached.
  const cyclic = queue.length < count;
  for (let node = 0; node < count; node += 1) layer[node] = Math.max(layer[node], 0);
  return { layer, cyclic };
};

const mean = (of, { first, list }, node, fallback) => {
  let sum = 0;
  for (let at = first[node]; at < first[node + 1]; at += 1) sum += of[list[at]];
  const count = first[node + 1] - first[node];
  return count === 0 ? fallback : sum / count;
};

const order = (layers, count, after, before) => {
  const place = new Float64Array(count);
  const number = () => layers.forEach((nodes) => nodes.forEach((node, at) => { place[node] = nodes.length === 1 ? 0.5 : at / (nodes.length - 1); }));
  number();
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const down = sweep % 2 === 0;
    const side = down ? before : after;
    for (let step = 1; step < layers.length; step += 1) {
      const nodes = layers[down ? step : layers.length - 1 - step];
      const wanted = new Map(nodes.map((node) => [node, mean(place, side, node, place[node])]));
      nodes.sort((a, b) => wanted.get(a) - wanted.get(b) || a - b);
      nodes.forEach((node, at) => { place[node] = nodes.length === 1 ? 0.5 : at / (nodes.length - 1); });
    }
  }
};

const spread = (columns, y, after, before) => {
  for (let pass = 0; pass < RELAXATIONS; pass += 1) {
    const down = pass % 2 === 0;
    for (let step = 0; step < columns.length; step += 1) {
      const nodes = columns[down ? step : columns.length - 1 - step];
      const side = down ? before : after;
      const wanted = nodes.map((node) => mean(y, side, node, y[node]));
      let low = -Infinity;
      nodes.forEach((node, at) => { y[node] = Math.max(wanted[at], low); low = y[node] + ROW; });
      // What was pushed down is brought back by half of what the column is off.
      const off = nodes.reduce((sum, node, at) => sum + y[node] - wanted[at], 0) / nodes.length;
      for (const node of nodes) y[node] -= off;
    }
  }
};

/**
 * Places `count` nodes with `edges` (`from, to, from, to, …`; out of range ones are left out).
 *
 * Answers `{ x, y, layer, cyclic, width, height }`; x and y are the nodes' middles.
 */
export const layout = (count, given) => {
  if (count > NODES_MAX || given.length > 2 * EDGES_MAX) throw new RangeError("the graph is too large to draw");
  const kept = [];
  for (let at = 0; at + 1 < given.length; at += 2) if (given[at] < count && given[at + 1] < count && given[at] !== given[at + 1]) kept.push(given[at], given[at + 1]);
  const edges = Uint32Array.from(kept);
  const after = neighbours(count, edges, 0, 1);
  const before = neighbours(count, edges, 1, 0);
  const { layer, cyclic } = layering(count, after, before);
  const layers = [];
  for (let node = 0; node < count; node += 1) (layers[layer[node]] ??= []).push(node);
  for (let at = 0; at < layers.length; at += 1) layers[at] ??= [];
  order(layers, count, after, before);

  const rows = Math.max(ROWS_MIN, Math.ceil(Math.sqrt(count) * 1.5));
  const columns = [];
  const x = new Float32Array(count);
  const y = new Float64Array(count);
  for (const nodes of layers) {
    const several = Math.max(1, Math.ceil(nodes.length / rows));
    const each = Math.ceil(nodes.length / several);
    for (let part = 0; part < several; part += 1) {
      const column = nodes.slice(part * each, (part + 1) * each);
      column.forEach((node, at) => {
        x[node] = columns.length * COLUMN;
        y[node] = (at - (column.length - 1) / 2) * ROW;
      });
      if (column.length > 0) columns.push(column);
    }
  }
  spread(columns, y, after, before);
  let [low, high] = [Infinity, -Infinity];
  for (let node = 0; node < count; node += 1) {
    low = Math.min(low, y[node]);
    high = Math.max(high, y[node]);
  }
  const rows32 = Float32Array.from(y, (row) => row - (count > 0 ? low : 0));
  return { x, y: rows32, layer, cyclic, width: Math.max(0, columns.length - 1) * COLUMN, height: count > 0 ? high - low : 0 };
};
