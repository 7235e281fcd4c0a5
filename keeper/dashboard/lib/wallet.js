// The person's wallet, by EIP-1193. Nothing of it is sent to the keeper but a signature, and nothing is asked of it before it is on the right chain.

/** What the wallet or its owner refused, in words. */
export class WalletError extends Error {}

const CODES = { 4001: "you refused", 4100: "the wallet does not allow it", 4200: "the wallet cannot do that", 4900: "the wallet is not connected", 4902: "the wallet does not know this chain: add it there" };

const announced = [];
window.addEventListener("eip6963:announceProvider", ({ detail }) => {
  if (detail?.provider?.request && announced.length < 32 && !announced.some((one) => one.info?.uuid === detail.info?.uuid)) announced.push(detail);
});

/** Wallets that are there: `{ name, provider }`. */
export const wallets = () => {
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  const found = announced.map(({ info, provider }) => ({ name: String(info?.name ?? "Wallet").slice(0, 64), provider }));
  if (found.length === 0 && window.ethereum?.request) found.push({ name: "Browser wallet", provider: window.ethereum });
  return found;
};

const request = async (provider, method, params) => {
  try {
    return await provider.request(params === undefined ? { method } : { method, params });
  } catch (error) {
    throw new WalletError(CODES[error?.code] ?? String(error?.message ?? "the wallet failed").slice(0, 300));
  }
};

/** The account that the wallet shows us. */
export const account = async (provider) => {
  const [first] = (await request(provider, "eth_requestAccounts")) ?? [];
  if (typeof first !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(first)) throw new WalletError("the wallet shows no account");
  return first;
};

/** The chain that the wallet is on. */
export const chain = async (provider) => {
  const answer = await request(provider, "eth_chainId");
  const id = typeof answer === "string" && /^0x[0-9a-fA-F]{1,13}$/.test(answer) ? Number(answer) : Number.isSafeInteger(answer) ? answer : null;
  if (id === null) throw new WalletError("the wallet does not say its chain");
  return id;
};

/** Refuses a wallet on another chain. */
export const onChain = async (provider, wanted) => {
  const is = await chain(provider);
  if (is !== wanted) throw new WalletError(`the wallet is on chain ${is}, this city is on ${wanted}: change the chain in the wallet`);
};

/** Asks the wallet to change to a chain. */
export const change = (provider, wanted) => request(provider, "wallet_switchEthereumChain", [{ chainId: `0x${wanted.toString(16)}` }]);

/** A signature over typed data. The chain is looked at before. */
export const sign = async (provider, from, typedData, chainId) => {
  await onChain(provider, chainId);
  return request(provider, "eth_signTypedData_v4", [from, JSON.stringify(typedData)]);
};

/** Hands a transaction to the wallet, which asks its owner. The chain is looked at before. */
export const send = async (provider, from, { to, data }, chainId) => {
  await onChain(provider, chainId);
  return request(provider, "eth_sendTransaction", [{ from, to, data, value: "0x0", chainId: `0x${chainId.toString(16)}` }]);
};
