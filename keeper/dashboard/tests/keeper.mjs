// A keeper that serves what a test tells it to: the page as it is, documents in the protocol's form, a stream that can be cut. Nothing of it knows what the
// documents mean.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const PAGE = dirname(dirname(fileURLToPath(import.meta.url)));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml" };
// As the keeper's own.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const BODY_BYTES_MAX = 65_536;
const ALIVE_MS = 10_000;

/** Starts one on a free port. `answers(method, path, query, body)` gives `{ status?, body }` or undefined. */
export const serve = async (state, answers) => {
  const open = new Set();
  const keeper = { state, answers, refuse: null, asked: [] };
  let id = 0;
  const write = (to, name, value) => to.write(`id: ${(id += 1)}\nevent: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://keeper");
    const path = url.pathname.replace(/^\/dashboard\//, "");
    const json = (status, body) => {
      response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" });
      response.end(JSON.stringify(body));
    };
    let text = "";
    for await (const part of request) {
      text += part;
      if (text.length > BODY_BYTES_MAX) return json(413, {});
    }
    keeper.asked.push({ method: request.method, path: url.pathname + url.search, body: text });
    if (path === "events") {
      if (keeper.refuse) return json(keeper.refuse, { error: { code: "dashboard/busy", message: "busy", do: "come again" } });
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      open.add(response);
      const alive = setInterval(() => response.write(": alive\n\n"), ALIVE_MS);
      response.on("close", () => {
        clearInterval(alive);
        open.delete(response);
      });
      for (const [name, value] of Object.entries(keeper.state)) if (name !== "version") write(response, name, value);
      return undefined;
    }
    const answer = await keeper.answers?.(request.method, path, url.searchParams, text === "" ? null : JSON.parse(text));
    if (answer) return json(answer.status ?? 200, answer.body);
    const file = normalize(path === "" ? "index.html" : path);
    if (!url.pathname.startsWith("/dashboard/") || file.startsWith("..") || !(extname(file) in TYPES)) return json(404, { error: { code: "dashboard/path", message: "no such path", do: "" } });
    try {
      const body = await readFile(join(PAGE, file));
      response.writeHead(200, { "content-type": TYPES[extname(file)], "x-content-type-options": "nosniff", "content-security-policy": POLICY });
      return response.end(body);
    } catch {
      return json(404, { error: { code: "dashboard/path", message: "no such path", do: "" } });
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return Object.assign(keeper, {
    address: `http://127.0.0.1:${server.address().port}/dashboard/`,
    subscribers: () => open.size,
    /** Tells a section anew. */
    tell(name, value) {
      if (name !== "mission" && name !== "end") keeper.state[name] = value;
      for (const one of open) write(one, name, value);
    },
    /** Cuts every stream. */
    cut() {
      for (const one of open) one.destroy();
    },
    close() {
      keeper.cut();
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  });
};
