// Server-sent events by `fetch`: unlike an EventSource this sees the status of a refusal and the comments that say a quiet keeper is alive, and
// bounds what it takes. It connects again for ever, later each time.

const EVENT_BYTES_MAX = 6 << 20;
// The keeper says `: alive` every 15 s.
const SILENCE_MS = 40_000;
const WAIT_FIRST_MS = 1_000;
const WAIT_MOST_MS = 30_000;

const lines = (text) => {
  const found = text.split(/\r\n|\n|\r/);
  return [found.slice(0, -1), found.at(-1)];
};

/** Takes bytes of a stream apart. Throws when an event is larger than any that a keeper sends. */
export const parser = (onEvent) => {
  const decoder = new TextDecoder();
  let rest = "";
  let name = "message";
  let data = [];
  let size = 0;
  return (bytes) => {
    const text = rest + decoder.decode(bytes, { stream: true });
    // The second half of a line's end may come later.
    const held = text.endsWith("\r");
    const [whole, left] = lines(held ? text.slice(0, -1) : text);
    rest = held ? `${left}\r` : left;
    if (rest.length + size > EVENT_BYTES_MAX) throw new RangeError("an event is too large");
    for (const line of whole) {
      if (line === "") {
        if (data.length > 0) onEvent(name, data.join("\n"));
        [name, data, size] = ["message", [], 0];
      } else if (!line.startsWith(":")) {
        const at = line.indexOf(":");
        const [field, value] = at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
        if (field === "event") name = value;
        if (field === "data") data.push(value);
        size += line.length;
        if (size > EVENT_BYTES_MAX) throw new RangeError("an event is too large");
      }
    }
  };
};

/** How long to wait before the attempt of this number, from one; up to a quarter less, so that not all come at once. */
export const pause = (attempt, chance = Math.random()) =>
  Math.round(Math.min(WAIT_MOST_MS, WAIT_FIRST_MS * 2 ** (attempt - 1)) * (1 - chance / 4));

/**
 * Follows `url` until `stop` is called. `onState` hears `{ is: "connecting" | "live" | "waiting", why, attempt, until }`, `until` by the page's clock.
 */
export const follow = (url, { onEvent, onState }) => {
  let attempt = 0;
  let stopped = false;
  let abort;
  let timer;

  const once = async () => {
    abort = new AbortController();
    let heard = Date.now();
    const watch = setInterval(() => Date.now() - heard > SILENCE_MS && abort.abort(new Error("the keeper fell silent")), 1_000);
    let ended;
    try {
      const answer = await fetch(url, { headers: { accept: "text/event-stream" }, cache: "no-store", credentials: "omit", signal: abort.signal });
      if (!answer.ok) throw new Error(answer.status === 503 ? "the keeper is busy" : `the keeper answers ${answer.status}`);
      const reader = answer.body.getReader();
      const take = parser((name, data) => {
        if (name === "end") {
          try {
            ended = JSON.parse(data).why;
          } catch {
            ended = "unsaid";
          }
        } else {
          if (attempt > 0) attempt = 0;
          onEvent(name, data);
        }
      });
      onState({ is: "live", why: "", attempt: 0 });
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        heard = Date.now();
        take(value);
      }
      throw new Error(ended === undefined ? "the keeper closed the connection" : `the keeper ended the stream: ${ended}`);
    } finally {
      clearInterval(watch);
      abort.abort();
    }
  };

  const run = async () => {
    while (!stopped) {
      onState({ is: "connecting", why: "", attempt });
      let why = "";
      try {
        await once();
      } catch (error) {
        why = error?.name === "TypeError" ? "the keeper cannot be reached" : String(error?.message ?? error);
      }
      if (stopped) return;
      attempt += 1;
      const wait = pause(attempt);
      onState({ is: "waiting", why, attempt, until: Date.now() + wait });
      await new Promise((go) => {
        timer = { go, id: setTimeout(go, wait) };
      });
    }
  };
  run();
  return {
    /** Does not wait any longer. */
    now() {
      if (timer) {
        clearTimeout(timer.id);
        timer.go();
      }
    },
    stop() {
      stopped = true;
      abort?.abort();
      this.now();
    },
  };
};
