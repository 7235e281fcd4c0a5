// What the keeper said last, by section, and whether it still says anything. Views subscribe; nobody else fetches.

import { follow } from "./stream.js";

/** The page's own folder at the keeper: every path is below it. */
export const BASE = new URL(".", document.baseURI);

const SECTIONS = new Set(["city", "metrics", "missions", "gas", "freezes", "verification", "epochs", "reviews", "money", "alerts", "wiring", "log"]);

const ears = new Map();
const held = new Map();
let link = { is: "connecting", why: "", attempt: 0 };
let lastHeard = 0;
let stream;

const tell = (name, value) => {
  for (const ear of ears.get(name) ?? []) {
    try {
      ear(value);
    } catch (error) {
      // One view that cannot show something must not stop the others.
      console.error(name, error);
    }
  }
};

/** A section as it was said last, or undefined. */
export const get = (name) => held.get(name);

/** Calls `ear` at each change of a section, of `mission` or of `link`; answers how to end that. */
export const on = (name, ear) => {
  if (!ears.has(name)) ears.set(name, new Set());
  ears.get(name).add(ear);
  return () => ears.get(name).delete(ear);
};

/** Connection: `{ is, why, attempt, until }`, and when something was heard last by the page's clock. */
export const connection = () => ({ ...link, lastHeard });

const take = (name, text) => {
  lastHeard = Date.now();
  if (name !== "mission" && !SECTIONS.has(name)) return;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  if (value === null || typeof value !== "object") return;
  if (name === "city") setClock(value);
  if (name !== "mission") held.set(name, value);
  tell(name, value);
};

// The keeper's clock, or the newest block's where that is ahead, as it goes on from when it was told.
let clock = { at: 0, told: 0 };
const setClock = (city) => {
  const at = Math.max(Number(city.now) || 0, Number(city.block?.time) || 0);
  clock = { at, told: performance.now() };
};

/** Now in unix seconds, by the keeper and its chain, or null before it was told. */
export const now = () => (clock.at === 0 ? null : clock.at + Math.floor((performance.now() - clock.told) / 1000));

/** Begins to follow. */
export const begin = () => {
  stream = follow(new URL("events", BASE), {
    onEvent: take,
    onState: (state) => {
      link = state;
      if (state.is === "live") lastHeard = Date.now();
      tell("link", connection());
    },
  });
};

/** Connects at once. */
export const again = () => stream?.now();

/** What a keeper refused, in its own words. */
export class Refusal extends Error {
  constructor(status, body) {
    super(typeof body?.error?.message === "string" ? body.error.message : `the keeper answers ${status}`);
    this.status = status;
    this.code = typeof body?.error?.code === "string" ? body.error.code : "";
    this.todo = typeof body?.error?.do === "string" ? body.error.do : "";
  }
}

const ANSWER_WITHIN_MS = 20_000;

/** Asks the keeper; `path` is below the page's folder. Throws `Refusal`, or an error that says that it cannot be reached. */
export const ask = async (path, body) => {
  const init = { cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
  if (body !== undefined) Object.assign(init, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), init);
  } catch {
    throw new Error("the keeper cannot be reached");
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refusal(answer.status, said);
  return said;
};
