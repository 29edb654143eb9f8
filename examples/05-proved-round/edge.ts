/**
 * An edge server that does see the updates of its two sensors, and proves their sum to everybody else. Each
 * sensor signs its commitment; whoever knows the sensors' keys works the statement out from what they signed.
 */
import {
  type AggregateClaim,
  aggregateInputs,
  contextScalar,
  openProver,
  proveAggregate,
  randomSalt,
  updateCommitment,
} from 'veilsum/zk';
import { insecureKeys } from './keys.ts';

/** Sensors and values of the smallest aggregation circuit; `circuits` has larger ones. */
export const SENSORS = 2;
export const VALUES = 4;

/** A sensor's commitment to its update, signed for this round. */
export type Commitment = { readonly commitment: bigint; readonly signature: Uint8Array };

/** What the edge publishes. */
export type Edge = {
  readonly claim: AggregateClaim;
  readonly signed: readonly Commitment[];
  readonly sensorKeys: readonly CryptoKey[];
  readonly proof: Uint8Array;
  readonly verifyingKey: Uint8Array;
};

/**
 * Proves a sum.
 *
 * @param round - what the statement is bound to
 * @param bound - the greatest squared norm of an update
 * @param updates - one of four integers for each sensor
 */
export async function provedSum(
  round: string,
  bound: number,
  updates: readonly (readonly number[])[],
): Promise<Edge> {
  // Each sensor: commits, signs, and sends update, salt and signature to the edge.
  const sensorKeys: CryptoKey[] = [];
  const signed: Commitment[] = [];
  const salts: bigint[] = [];
  for (const update of updates) {
    const { publicKey, privateKey } = await crypto.subtle.generateKey('Ed25519', false, [
      'sign',
      'verify',
    ]);
    const salt = randomSalt();
    const commitment = updateCommitment(update, salt);
    const signature = await crypto.subtle.sign(
      'Ed25519',
      privateKey,
      signedBytes(round, commitment),
    );
    sensorKeys.push(publicKey);
    salts.push(salt);
    signed.push({ commitment, signature: new Uint8Array(signature) });
  }
  // The edge: one proof for all of them.
  const keys = await insecureKeys(`aggregate-${SENSORS}x${VALUES}`);
  const context = contextScalar(new TextEncoder().encode(round));
  const { claim, inputs } = aggregateInputs(context, bound, updates, salts);
  await using prover = await openProver();
  const proof = await proveAggregate(prover, keys.artefacts, inputs);
  return { claim, signed, sensorKeys, proof, verifyingKey: keys.verifyingKey };
}

/**
 * What a stranger holds the chain against: the claim, made anew from what the sensors signed and the sum that
 * the edge published. Undefined if a signature does not hold.
 */
export async function claimOfSigned(
  round: string,
  bound: number,
  { signed, sensorKeys }: Edge,
  sum: AggregateClaim['sum'],
): Promise<AggregateClaim | undefined> {
  for (const [i, { commitment, signature }] of signed.entries()) {
    const message = signedBytes(round, commitment);
    const key = sensorKeys[i] as CryptoKey;
    const holds = await crypto.subtle.verify(
      'Ed25519',
      key,
      signature as Uint8Array<ArrayBuffer>,
      message,
    );
    if (!holds) return undefined;
  }
  const commitments = signed.map(({ commitment }) => commitment);
  return { context: contextScalar(new TextEncoder().encode(round)), commitments, bound, sum };
}

const signedBytes = (round: string, commitment: bigint): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`veilsum example: ${round}: ${commitment}`);
