/** The worker of the page: encrypts there, so that the page itself never stands still. */
import { openSeal } from 'veilsum/he';
import { contribute, type Outcome, type Told } from './client.ts';

/** The page gives a drawing. */
export type Task = { readonly values: Uint8Array };

/** The worker says how far it is, and what came out. */
export type Report =
  | { readonly told: Told }
  | { readonly outcome: Outcome }
  | { readonly error: string };

/** 32 bytes in hex, put in when the page is built: see build.ts. */
declare const VOUCHER: string;

// Bundlers see this form, copy the file and put its new address here. The package does not export it.
const WASM = new URL('../../node_modules/node-seal/dist/seal_throws.wasm', import.meta.url);

const report = (message: Report): void => postMessage(message);

globalThis.onmessage = async ({ data }: MessageEvent<Task>): Promise<void> => {
  const tell = (told: Told): void => report({ told });
  try {
    tell({ text: 'Loading the encryption', share: 0 });
    const seal = await openSeal({ wasm: async () => (await fetch(WASM)).arrayBuffer() });
    const bytes = VOUCHER.match(/../g) as RegExpMatchArray;
    const voucher = Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16));
    const server = globalThis.location.origin;
    report({ outcome: await contribute(data.values, { server, voucher, seal, tell }) });
  } catch (error) {
    report({ error: String(error) });
  }
};
