/**
 * A browser and a server: one side of the round runs on noble in a thread that has no `node:crypto`,
 * the other on `node:crypto` here. They understand each other, in both suites and either way round.
 */
import { Worker } from 'node:worker_threads';
import { clientId, inMemorySigner, planBytes, signerFromPrivateKey, signRoster } from 'veilsum';
import { expect, test } from 'vitest';
import { ed25519Backend } from '../../src/identity/ed25519-backends.ts';
import { nodeCrypto } from '../../src/internal/platform.ts';
import { randomBytes } from '../../src/internal/random.ts';
import { PHASES } from '../../src/secagg/phases.ts';
import { planFor } from '../support/round.ts';
import type { Setup, Side, ToMain } from './protocol.ts';
import { clientsOf, coordinatorOf, FIELDS, votesOf } from './sides.ts';

/** A side of the round in a thread without `node:crypto`. */
async function withoutNode(setup: Setup): Promise<{ side: Side; end: () => Promise<unknown> }> {
  const worker = new Worker(new URL('./noble-side.ts', import.meta.url), {
    workerData: setup,
    execArgv: ['--conditions=@veilsum/source'],
  });
  const next = (): Promise<ToMain> =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  expect((await next()).call).toBe('ready');
  let calls = 0;
  const side: Side = async (bytes) => {
    const answer = next();
    worker.postMessage({ call: calls++, bytes });
    return (await answer).bytes;
  };
  return { side, end: () => worker.terminate() };
}

test.each([
  { suite: 'x25519', noble: 'clients' },
  { suite: 'x25519', noble: 'coordinator' },
  { suite: 'x25519-mlkem768', noble: 'clients' },
  { suite: 'x25519-mlkem768', noble: 'coordinator' },
] as const)('$suite, $noble on noble and the rest on node:crypto: the exact sum', async (which) => {
  expect(nodeCrypto).toBeDefined();
  expect(ed25519Backend.name).toBe('node');
  const ids = Array.from({ length: 7 }, (_, i) => `client-${i}`);
  const identities = new Map(ids.map((id) => [id, randomBytes(32)]));
  const voucher = inMemorySigner();
  const roster = await signRoster(
    [...identities].map(([id, key]) => ({
      id: clientId(id),
      publicKey: signerFromPrivateKey(key).publicKey,
    })),
    voucher,
  );
  const plan = planFor(
    { ids, signers: new Map(), voucher, roster },
    { fields: FIELDS, trust: { corrupt: 0, absent: 0.4 }, suite: which.suite },
  );
  const shared = { plan: planBytes(plan), voucher: voucher.publicKey };
  const clientsSetup: Setup = { ...shared, side: 'clients', identities };
  const coordinatorSetup: Setup = { ...shared, side: 'coordinator', identities: new Map() };
  const far = await withoutNode(which.noble === 'clients' ? clientsSetup : coordinatorSetup);
  try {
    const [clients, coordinator] =
      which.noble === 'clients'
        ? [far.side, coordinatorOf(coordinatorSetup)]
        : [clientsOf(clientsSetup), far.side];
    let downlinks: ReadonlyMap<string, Uint8Array> = new Map();
    for (const phase of PHASES) {
      const uplinks = await clients(downlinks);
      expect(uplinks.size, phase).toBeGreaterThanOrEqual(5);
      downlinks = await coordinator(uplinks);
    }
    const result = JSON.parse(new TextDecoder().decode(downlinks.get('result')));
    const contributors = ids.filter((id) => id !== 'client-1' && id !== 'client-2');
    expect(result.contributors).toEqual(contributors);
    expect(result.dropped).toEqual([
      { id: 'client-1', phase: 'share' },
      { id: 'client-2', phase: 'mask' },
    ]);
    expect(result.sum.votes).toEqual(
      Array.from({ length: 100 }, (_, i) =>
        contributors.reduce((sum, id) => sum + (votesOf(id)[i] as number), 0),
      ),
    );
  } finally {
    await far.end();
  }
});
