// Asks the worker where nodes stand; where there is none, the page finds out itself.

import { layout } from "./layout.js";

// So few are placed sooner than a worker begins.
const FEW = 300;

let worker;
let last = 0;
const waiting = new Map();

const start = () => {
  if (worker !== undefined) return worker;
  try {
    worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data: { id, placed, error } }) => {
      const { good, bad } = waiting.get(id) ?? {};
      waiting.delete(id);
      if (error === undefined) good?.(placed);
      else bad?.(new Error(error));
    });
    worker.addEventListener("error", () => {
      worker = null;
      for (const { again } of waiting.values()) again();
      waiting.clear();
    });
  } catch {
    worker = null;
  }
  return worker;
};

/** Where the nodes stand, in a while. */
export const place = (count, edges) =>
  new Promise((good, bad) => {
    const again = () => {
      try {
        good(layout(count, edges));
      } catch (error) {
        bad(error);
      }
    };
    const found = count <= FEW ? null : start();
    if (!found) return again();
    last += 1;
    waiting.set(last, { good, bad, again });
    found.postMessage({ id: last, count, edges });
  });
