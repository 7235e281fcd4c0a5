// A wallet that is one in all but its window.

import assert from "node:assert/strict";
import { ethers } from "./browser.mjs";

/** Its key is of these tests alone. */
export const wallet = new ethers.Wallet(`0x${"42".repeat(32)}`);

/** Puts a wallet into a page; `asked` collects what it was asked. */
export const withWallet = (asked, chain) => async (page) => {
  await page.exposeFunction("walletAnswers", async (method, params) => {
    asked.push({ method, params });
    if (method === "eth_chainId") return `0x${chain.toString(16)}`;
    if (method === "eth_requestAccounts") return [wallet.address];
    if (method === "eth_signTypedData_v4") {
      const { domain, types: { EIP712Domain, ...types }, message } = JSON.parse(params[1]);
      assert.ok(EIP712Domain);
      return wallet.signTypedData(domain, types, message);
    }
    if (method === "eth_sendTransaction") return `0x${"7a".repeat(32)}`;
    throw new Error(`the wallet knows no ${method}`);
  });
  await page.evaluateOnNewDocument(() => { window.ethereum = { request: ({ method, params }) => window.walletAnswers(method, params) }; });
};

/** What it was asked of a kind. */
export const asks = (asked, method) => asked.filter((one) => one.method === method);
