/** Contracts compiled by solc, deployed through viem to a chain of the test's own. */
import { readFileSync } from 'node:fs';
import solc from 'solc';
import {
  type Abi,
  createTestClient,
  decodeErrorResult,
  type Hex,
  http,
  type PublicActions,
  publicActions,
  type TestClient,
  type TransactionReceipt,
  type WalletActions,
  walletActions,
} from 'viem';
import { startAnvil } from './anvil.ts';

/** What solc made of one contract. */
export type Compiled = {
  readonly abi: Abi;
  readonly bytecode: Hex;
  /** Bytes on the chain. */
  readonly size: number;
};

/** A contract with its place. */
export type Deployed = Compiled & { readonly address: Hex };

/** viem's client for all that tests do. */
type Client = TestClient<'anvil'> & PublicActions & WalletActions;

export type Chain = {
  readonly client: Client;
  readonly account: Hex;
  readonly deploy: (contract: Compiled, ...args: readonly unknown[]) => Promise<Deployed>;
  /**
   * Calls from another contract, with so much gas and no more. Tells how it ended: `done`, the name of
   * the contract's error, or `none` for a revert that says nothing.
   */
  readonly attempt: (target: Deployed, data: Hex, gas?: bigint) => Promise<string>;
  /** One transaction, mined whether it reverts or not. */
  readonly send: (target: Deployed, data: Hex, gas?: bigint) => Promise<TransactionReceipt>;
  readonly stop: () => Promise<void>;
};

/** Enough for every contract here. */
const PLENTY = 2_000_000n;

/** The contracts of this folder that call the verifier. */
export const consumers: string = readFileSync(new URL('consumers.sol', import.meta.url), 'utf8');

/**
 * All contracts of some sources, by name. Throws at the first warning. Without the optimizer it takes a
 * sixth of the time; whoever looks at gas wants it.
 */
export function compileContracts(
  sources: readonly string[],
  optimizer: 'optimised' | 'plain' = 'plain',
): Readonly<Record<string, Compiled>> {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(sources.map((content, i) => [`${i}.sol`, { content }])),
    settings: {
      optimizer: { enabled: optimizer === 'optimised', runs: 200 },
      outputSelection: {
        '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] },
      },
    },
  };
  const { errors = [], contracts = {} } = JSON.parse(solc.compile(JSON.stringify(input)));
  if (errors.length > 0) throw new Error(errors[0].formattedMessage);
  const out: Record<string, Compiled> = {};
  for (const file of Object.values(contracts)) {
    for (const [name, { abi, evm }] of Object.entries(file as Record<string, SolcContract>)) {
      out[name] = {
        abi,
        bytecode: `0x${evm.bytecode.object}`,
        size: evm.deployedBytecode.object.length / 2,
      };
    }
  }
  return out;
}

type SolcContract = {
  readonly abi: Abi;
  readonly evm: Readonly<Record<'bytecode' | 'deployedBytecode', { readonly object: string }>>;
};

/** A chain with nothing on it but the probe. */
export async function startChain(probe: Compiled): Promise<Chain> {
  const { url, stop } = await startAnvil();
  const client: Client = createTestClient({
    mode: 'anvil',
    transport: http(url),
    pollingInterval: 10,
  })
    .extend(publicActions)
    .extend(walletActions);
  const [account] = (await client.getAddresses()) as [Hex];
  const mined = (hash: Hex) => client.waitForTransactionReceipt({ hash });
  const deploy: Chain['deploy'] = async (contract, ...args) => {
    const { abi, bytecode } = contract;
    const hash = await client.deployContract({ account, abi, bytecode, args, chain: null });
    const { contractAddress } = await mined(hash);
    return { ...contract, address: contractAddress as Hex };
  };
  const { address } = await deploy(probe);
  return {
    client,
    account,
    deploy,
    attempt: async (target, data, gas = PLENTY) => {
      const [isDone, answer] = (await client.readContract({
        address,
        abi: probe.abi,
        functionName: 'attempt',
        args: [target.address, data, gas],
      })) as [boolean, Hex];
      if (isDone) return 'done';
      return answer === '0x'
        ? 'none'
        : decodeErrorResult({ abi: target.abi, data: answer }).errorName;
    },
    send: async (target, data, gas = PLENTY) =>
      mined(await client.sendTransaction({ account, to: target.address, data, gas, chain: null })),
    stop,
  };
}
