/**
 * Which cryptography this runtime offers. `node:crypto` is asked for at run time and never imported,
 * so bundlers for browsers stay content; where it is missing, noble serves with the same bytes.
 */

type NodeCrypto = typeof import('node:crypto');

/** `node:crypto` where the runtime has it (Node, Bun, Deno), else `undefined`. */
export const nodeCrypto: NodeCrypto | undefined = (
  globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
).process?.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined;
