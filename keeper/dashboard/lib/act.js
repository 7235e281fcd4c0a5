// What a proposal of a keeper must be before anybody is asked to sign it. The keeper prepares the bytes; this page works out by itself what they
// must say, from what the person asked for, and refuses what says anything else.

import { hex, keccak256, sha256, unhex, utf8 } from "./hash.js";
import { typedDigest, typeText } from "./typed.js";

/** The own fields of each struct that can be signed here, as the law has them: the keeper's own types are not believed. */
export const FIELDS = {
  AmendParameter: "uint8 parameter,bytes32 oldValue,bytes32 newValue",
  FreezeNode: "bytes32 missionId,uint16 node,uint8 attempt,address agent",
  UnfreezeNode: "bytes32 missionId,uint16 node,uint64 freezeId,uint8 kind",
  ConfirmFreeze: "bytes32 missionId,uint16 node,uint64 freezeId",
  DecideReview: "bytes32 missionId,uint16 node,uint8 attempt,bool approved,uint16 score,uint8 seat",
  ClearPredicate: "bytes32 missionId,uint8 index,bytes32 completionDigest",
};
const TAIL = "bytes32 justificationHash,bytes32 contentAddress,uint64 deadline";
const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/** A value as the word that the chain keeps: numbers, truths and addresses at the right, hashes whole. Null if it is none. */
export const wordOf = (value) => {
  const text = typeof value === "boolean" ? String(Number(value)) : String(value).trim();
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase();
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return `0x${"0".repeat(24)}${text.slice(2).toLowerCase()}`;
  return /^\d{1,78}$/.test(text) ? `0x${BigInt(text).toString(16).padStart(64, "0")}` : null;
};

const same = (a, b) => String(a).toLowerCase() === String(b).toLowerCase();
const sameWord = (a, b) => wordOf(a) !== null && wordOf(a) === wordOf(b);

/**
 * Everything that was looked at: `[{ what, holds, found }]`. `asked`: `{ type, name, fields, justification, least, most }`: which struct and what it is
 * called, `{ field: [value, what is said of it] }`, and the bounds of the deadline; `city` as the keeper told it when the page began.
 */
export const findings = async (proposal, asked, city) => {
  const { typedData, digest, file } = proposal ?? {};
  const { types, domain, message, primaryType } = typedData ?? {};
  const panel = city?.members?.find((one) => one.peer === "adjudication")?.address;
  let own = null;
  let text = null;
  try {
    own = typedDigest(typedData);
    text = [typeText(types, "EIP712Domain"), typeText(types, primaryType)];
  } catch {
    own = null;
  }
  const justification = utf8(asked.justification);
  const deadline = Number(message?.deadline);
  return [
    { what: `It is ${asked.name}, and nothing else`, holds: text?.[0] === DOMAIN && text?.[1] === `${asked.type}(${FIELDS[asked.type]},${TAIL})`, found: String(primaryType) },
    { what: "It is for this chain", holds: Number(domain?.chainId) === city?.chainId, found: String(domain?.chainId) },
    { what: "It is for this city's panel", holds: Boolean(panel) && same(domain?.verifyingContract, panel) && domain?.name === "AgentCity" && domain?.version === "1", found: String(domain?.verifyingContract) },
    ...Object.entries(asked.fields).map(([field, [value, what]]) => ({ what, holds: sameWord(message?.[field], value), found: String(message?.[field]) })),
    { what: "It is bound to your reason", holds: same(message?.justificationHash, hex(keccak256(justification))) && same(message?.contentAddress, hex(await sha256(justification))), found: String(message?.justificationHash) },
    { what: "Its deadline is the one that is shown", holds: deadline === proposal?.deadline && deadline > asked.least && deadline <= asked.most, found: String(message?.deadline) },
    { what: "Its digest, computed here, is the keeper's", holds: own !== null && same(own, digest) && same(file?.override?.digest, digest), found: String(own) },
  ];
};

/** Whether a signature is one that a key makes: 65 bytes. */
export const isSignature = (text) => unhex(text)?.length === 65;
