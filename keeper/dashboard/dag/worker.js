// Places a graph beside the page, so that a large one does not stop it.

import { layout } from "./layout.js";

self.addEventListener("message", ({ data: { id, count, edges } }) => {
  try {
    const placed = layout(count, edges);
    self.postMessage({ id, placed }, [placed.x.buffer, placed.y.buffer, placed.layer.buffer]);
  } catch (error) {
    self.postMessage({ id, error: String(error.message ?? error) });
  }
});
