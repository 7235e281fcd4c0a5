#!/usr/bin/env node
'use strict'; // EIP-712 by ethers: reads a JSON list of { domain, types, message, key, signature } from its input, answers with a list of
// { type, digest, signer, signature }: the struct it takes for the outermost, its digest, who made the signature given, and one of its own.
const { ethers, version } = require('ethers');
if (process.argv.includes('--version')) {
  console.log(`signer ${version.split('/').pop()}`);
  process.exit(0);
}
const answer = ({ domain, types, message, key, signature }) => ({
  type: ethers.TypedDataEncoder.getPrimaryType(types),
  digest: ethers.TypedDataEncoder.hash(domain, types, message),
  signer: ethers.verifyTypedData(domain, types, message, signature),
  signature: new ethers.Wallet(key).signingKey.sign(ethers.TypedDataEncoder.hash(domain, types, message)).serialized,
});
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(asked.map(answer)));
