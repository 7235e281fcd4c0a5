// Amounts in the city's asset. The native coin has 18 decimals; of another asset only its base units are known here.

import { h } from "./dom.js";
import { big, brief, count } from "./format.js";
import { get } from "./store.js";

const DECIMALS = 18;
const SHOWN = 6;

/** `0.0225` of base units: exact in its title, short in its text unless `exact`. */
export const amount = (text, exact = false) => {
  const value = big(text);
  if (value === null) return h("span", { class: "dim" }, "–");
  const asset = get("city")?.asset;
  if (asset) return h("span", { class: "num", title: `${count(text)} base units of ${asset}` }, count(text));
  return h("span", { class: "num", title: `${count(text)} wei` }, decimal(value, exact ? DECIMALS : SHOWN));
};

/** The asset's name. */
export const assetName = () => {
  const asset = get("city")?.asset;
  return asset ? `base units of ${brief(asset)}` : "ETH";
};

const decimal = (value, shown) => {
  const sign = value < 0n ? "-" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(DECIMALS + 1, "0");
  const whole = count(digits.slice(0, -DECIMALS));
  const part = digits.slice(-DECIMALS).replace(/0+$/, "");
  if (part === "") return sign + whole;
  const cut = part.slice(0, shown);
  if (/^0*$/.test(cut)) return whole === "0" ? `${sign}<0.000001` : `${sign}${whole}`;
  return `${sign}${whole}.${cut.replace(/0+$/, "")}${part.length > shown ? "…" : ""}`;
};
