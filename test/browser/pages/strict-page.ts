/** A page that checks proofs, says what it found, and only then does what its policy forbids. */
import { checkProofs, type Files } from '../proofs.ts';

/** Filled by a script that runs before this one and all it imports. */
const { violations } = globalThis as unknown as { readonly violations: readonly string[] };

/** Lets the events come that are on their way. */
const settle = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 50));

async function run(): Promise<object> {
  const files = (await (await fetch('/cubic.json')).json()) as Files;
  const found = await checkProofs(files);
  await settle();
  const during = [...violations];
  let refused = '';
  try {
    // The smallest module there is: its head.
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch (error) {
    refused = (error as Error).name;
  }
  await settle();
  return { found, during, refused, after: violations };
}

const said = await run().catch((error) => ({ error: String(error) }));
const output = document.createElement('output');
output.textContent = JSON.stringify(said);
document.body.append(output);
