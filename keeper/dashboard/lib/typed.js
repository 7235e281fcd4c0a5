// What a wallet hashes: EIP-712, computed here too, so that the digest that a keeper tells can be held against what the wallet will be asked to sign. The
// structs of a city have fields of one word each, and texts in their domain; another type is none.

import { concat, hex, keccak256, unhex, utf8 } from "./hash.js";

const sized = (value, length) => {
  const bytes = unhex(value);
  if (bytes?.length !== length) throw new TypeError(`not ${length} bytes`);
  return bytes;
};

const encode = (type, value) => {
  if (type === "address") return concat(new Uint8Array(12), sized(value, 20));
  if (type === "bytes32") return sized(value, 32);
  if (type === "string") return keccak256(utf8(value));
  const bits = type === "bool" ? 1 : Number(/^uint(\d+)$/.exec(type)?.[1]);
  if (!(bits > 0)) throw new TypeError(`there is no type ${type}`);
  const number = BigInt(value);
  if (number < 0n || number >= 1n << BigInt(bits)) throw new RangeError(`${value} does not fit`);
  return unhex(`0x${number.toString(16).padStart(64, "0")}`);
};

/** `Name(type name,…)`. */
export const typeText = (types, name) => `${name}(${types[name].map((field) => `${field.type} ${field.name}`).join(",")})`;

const hashStruct = (types, name, value) => keccak256(concat(keccak256(utf8(typeText(types, name))), ...types[name].map((field) => encode(field.type, value[field.name]))));

/** The digest of typed data, `0x…`. Throws if it is none of a city. */
export const typedDigest = ({ types, primaryType, domain, message }) =>
  hex(keccak256(concat(Uint8Array.of(0x19, 0x01), hashStruct(types, "EIP712Domain", domain), hashStruct(types, primaryType, message))));
