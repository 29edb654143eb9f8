/** A chain of this program's own (anvil, on 127.0.0.1), with the verifier and the registry on it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import solc from 'solc';
import { insecureVerifierContractForTestingOnly, proofWords } from 'veilsum/zk';
import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  createTestClient,
  type Hex,
  http,
  publicActions,
  walletActions,
} from 'viem';

/** The registry, as people off the chain use it. */
export type Registry = {
  /** Sends a proof: the gas that it took, or the name of the contract's error. */
  readonly prove: (proof: Uint8Array, statement: bigint) => Promise<bigint | string>;
  readonly isProved: (statement: bigint) => Promise<boolean>;
  /** Ends the chain. */
  readonly stop: () => Promise<void>;
};

/** Starts a chain, and deploys the contract of this key and a registry that asks it. */
export async function openRegistry(verifyingKey: Uint8Array): Promise<Registry> {
  const verifier = insecureVerifierContractForTestingOnly(verifyingKey, { name: 'Sum' });
  const contracts = compile({
    'verifier.sol': verifier,
    'registry.sol': readFileSync(new URL('registry.sol', import.meta.url), 'utf8'),
  });
  const { url, stop } = await startAnvil();
  try {
    const client = createTestClient({ mode: 'anvil', transport: http(url), pollingInterval: 20 })
      .extend(publicActions)
      .extend(walletActions);
    const [account] = (await client.getAddresses()) as [Hex];
    const deploy = async (name: string, ...args: readonly Hex[]) => {
      const contract = contracts[name] as Contract;
      const hash = await client.deployContract({ ...contract, account, args, chain: null });
      const { contractAddress } = await client.waitForTransactionReceipt({ hash });
      return { address: contractAddress as Hex, abi: contract.abi };
    };
    const judge = await deploy('SumInsecureForTestingOnly');
    const { address, abi } = await deploy('SumRegistry', judge.address);
    // The registry passes the verifier's errors on, which its own interface does not list.
    const registry = {
      address,
      abi: [...abi, ...judge.abi.filter(({ type }) => type === 'error')],
    };
    return {
      prove: async (proof, statement) => {
        const args = [proofWords(proof), statement];
        try {
          const call = { ...registry, account, functionName: 'prove', args } as const;
          const { request } = await client.simulateContract(call);
          const hash = await client.writeContract({ ...request, chain: null } as never);
          return (await client.waitForTransactionReceipt({ hash })).gasUsed;
        } catch (error) {
          return errorName(error);
        }
      },
      isProved: async (statement) =>
        (await client.readContract({
          ...registry,
          functionName: 'isProved',
          args: [statement],
        })) as boolean,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a contract's refusal is called; anything else is thrown on. */
function errorName(error: unknown): string {
  const revert =
    error instanceof BaseError
      ? error.walk((cause) => cause instanceof ContractFunctionRevertedError)
      : undefined;
  if (!(revert instanceof ContractFunctionRevertedError)) throw error;
  return revert.data?.errorName ?? 'reverted';
}

type Contract = { readonly abi: Abi; readonly bytecode: Hex };

function compile(sources: Readonly<Record<string, string>>): Readonly<Record<string, Contract>> {
  const { errors = [], contracts } = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: Object.fromEntries(
          Object.entries(sources).map(([name, content]) => [name, { content }]),
        ),
        settings: {
          optimizer: { enabled: true, runs: 200 },
          outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
        },
      }),
    ),
  );
  if (errors.length > 0) throw new Error(errors[0].formattedMessage);
  type Compiled = {
    readonly abi: Abi;
    readonly evm: { readonly bytecode: { readonly object: string } };
  };
  return Object.fromEntries(
    Object.values<Record<string, Compiled>>(contracts).flatMap((file) =>
      Object.entries(file).map(([name, { abi, evm }]) => [
        name,
        { abi, bytecode: `0x${evm.bytecode.object}` as Hex },
      ]),
    ),
  );
}

/** The node's program, which npm brings in a package for each platform. */
function anvilProgram(): string {
  const require = createRequire(import.meta.resolve('@foundry-rs/anvil/bin.mjs'));
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  return require.resolve(`@foundry-rs/anvil-${process.platform}-${arch}/bin/${file}`);
}

async function startAnvil(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const options = ['--host=127.0.0.1', '--port=0', '--accounts=1', '--threads=1'];
  const anvil = spawn(anvilProgram(), options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): void => void anvil.kill();
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    if (anvil.exitCode !== null || anvil.signalCode !== null) return;
    const ended = once(anvil, 'exit');
    kill();
    await ended;
  };
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    anvil.stdout.on('data', (text) => {
      said += text;
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
    anvil.once('error', reject);
    anvil.once('exit', () => reject(new Error(`anvil ended: ${said}`)));
  });
  return { url, stop };
}
