// What a wallet hashes: EIP-712, computed here too, so that the digest that a keeper tells can be held against what the wallet will be asked to sign.

import { concat, hex, keccak256, unhex, utf8 } from "./hash.js";

const DEPTH_MAX = 8;

const word = (value, bits, signed) => {
  const number = typeof value === "boolean" ? BigInt(value) : BigInt(value);
  const [low, high] = signed ? [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n] : [0n, (1n << BigInt(bits)) - 1n];
  if (number < low || number > high) throw new RangeError(`${value} does not fit`);
  const text = BigInt.asUintN(256, number).toString(16).padStart(64, "0");
  return unhex(`0x${text}`);
};

const sized = (value, length) => {
  const bytes = unhex(value);
  if (bytes?.length !== length) throw new TypeError(`not ${length} bytes`);
  return bytes;
};

const parts = (types, name, found = new Set(), depth = 0) => {
  if (depth > DEPTH_MAX) throw new RangeError("types are nested too deeply");
  if (found.has(name)) return found;
  found.add(name);
  for (const { type } of types[name]) {
    const base = type.replace(/\[\d*\]$/, "");
    if (Object.hasOwn(types, base)) parts(types, base, found, depth + 1);
  }
  return found;
};

/** `Name(type name,…)` with the types that it needs, sorted, behind it. */
export const typeText = (types, name) => {
  const [, ...rest] = parts(types, name);
  const text = (of) => `${of}(${types[of].map((field) => `${field.type} ${field.name}`).join(",")})`;
  return [name, ...rest.sort()].map(text).join("");
};

const encode = (types, type, value, depth) => {
  if (depth > DEPTH_MAX) throw new RangeError("values are nested too deeply");
  const list = /^(.*)\[\d*\]$/.exec(type);
  if (list) return keccak256(concat(...value.map((one) => encode(types, list[1], one, depth + 1))));
  if (Object.hasOwn(types, type)) return hashStruct(types, type, value, depth + 1);
  if (type === "address") return concat(new Uint8Array(12), sized(value, 20));
  if (type === "bool") return word(value === true || value === "true", 1, false);
  if (type === "string") return keccak256(utf8(value));
  if (type === "bytes") return keccak256(unhex(value) ?? sized(value, 0));
  const number = /^(u?)int(\d+)$/.exec(type);
  if (number) return word(value, Number(number[2]), number[1] === "");
  const fixed = /^bytes(\d+)$/.exec(type);
  if (fixed) return concat(sized(value, Number(fixed[1])), new Uint8Array(32 - Number(fixed[1])));
  throw new TypeError(`there is no type ${type}`);
};

const hashStruct = (types, name, value, depth = 0) => {
  const fields = types[name].map((field) => encode(types, field.type, value[field.name], depth));
  return keccak256(concat(keccak256(utf8(typeText(types, name))), ...fields));
};

/** The digest of typed data, `0x…`. Throws if it is no typed data. */
export const typedDigest = ({ types, primaryType, domain, message }) =>
  hex(keccak256(concat(Uint8Array.of(0x19, 0x01), hashStruct(types, "EIP712Domain", domain), hashStruct(types, primaryType, message))));
