// Numbers, times and names for people. Amounts are texts of digits up to 2^256 and never become floats.

const GROUPS = /\B(?=(\d{3})+$)/g;

/** `1,234,567` of a number or of a text of digits; a dash where nothing is known. */
export const count = (value) => {
  if (value === null || value === undefined || value === "") return "–";
  const text = String(value);
  const [, sign, digits] = /^(-?)(\d+)$/.exec(text) ?? [];
  return digits === undefined ? text : `${sign}${digits.replace(GROUPS, ",")}`;
};

/** A text of digits as a number that cannot be wrong, or null. */
export const big = (text) => (typeof text === "string" && /^-?\d{1,78}$/.test(text) ? BigInt(text) : null);

/** `1.2 M`: short, for where there is no room. */
export const short = (value) => {
  const number = Number(value);
  if (value === null || value === undefined || !Number.isFinite(number)) return "–";
  const steps = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]];
  for (const [from, unit] of steps) if (Math.abs(number) >= from) return `${(number / (unit === "k" ? 1e3 : from)).toFixed(number / from < 10 && unit !== "k" ? 2 : 1)} ${unit}`;
  return count(Math.round(number));
};

/** `0x1234…abcd`. */
export const brief = (text) => (typeof text === "string" && text.length > 14 ? `${text.slice(0, 6)}…${text.slice(-4)}` : String(text ?? "–"));

/** `3 d 4 h`, `4 min 05 s`: two units at most. */
export const span = (seconds) => {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const s = Math.max(0, Math.round(seconds));
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  const two = (part) => String(part).padStart(2, "0");
  if (d > 0) return `${d} d ${h} h`;
  if (h > 0) return `${h} h ${two(m)} min`;
  return m > 0 ? `${m} min ${two(s % 60)} s` : `${s} s`;
};

/** `2026-03-01 12:00:05` in UTC. */
export const time = (seconds) => {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return "–";
  return new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
};

/** `12:00:05` in UTC. */
export const clockTime = (seconds) => time(seconds).slice(11) || "–";

/** `81.25 %` of ten-thousandths. */
export const percent = (bps) => (bps === null || bps === undefined ? "–" : `${(bps / 100).toFixed(bps % 100 === 0 ? 0 : 1)} %`);

/** `Pending verification` of `PENDING_VERIFICATION`, `Tool limit` of `ToolLimit`. */
export const words = (name) => {
  const text = String(name ?? "–");
  const split = /^[A-Z0-9_]+$/.test(text) ? text.toLowerCase().replaceAll("_", " ") : text.replace(/([a-z0-9])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
  return split.charAt(0).toUpperCase() + split.slice(1);
};
