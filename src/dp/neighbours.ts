/**
 * Which events make sense under which neighbouring relation. A sample of one kind priced as a sample
 * of another gives an ε that is wrong by an order of magnitude, so such a request is refused.
 */
import { PrivacyError, UsageError } from '../errors.ts';
import type { DpEvent, Neighbours } from './events.ts';

const RELATIONS: readonly unknown[] = ['add-or-remove', 'zero-out', 'replace-one'];

/**
 * Refuses events that have no meaning, or no sound price, under a neighbouring relation.
 *
 * @param event checked already
 * @param neighbours what the caller protects
 * @throws UsageError `out-of-range` (an unknown relation); PrivacyError `unsound-parameters`
 *
 * **Source**: Lebeda, Regehr, Kamath and Steinke 2024 (arXiv 2405.20769): with equal numbers, Poisson
 * sampling may cost an ε of 1 and sampling without replacement one above 10.
 */
export function assertSound(event: DpEvent, neighbours: Neighbours): void {
  if (!RELATIONS.includes(neighbours)) {
    throw new UsageError(
      'out-of-range',
      `neighbours: got ${String(neighbours)}, expected ${RELATIONS.join(', ')}`,
      { what: 'neighbours' },
    );
  }
  walk(event, neighbours);
}

function walk(event: DpEvent, neighbours: Neighbours): void {
  if (event.kind === 'poisson-sampled' && neighbours === 'replace-one') {
    const expected = 'add-or-remove or zero-out (a unit may be sampled before and after)';
    throw unsound(event.kind, neighbours, expected);
  }
  if (event.kind === 'sampled-without-replacement' && neighbours !== 'replace-one') {
    throw unsound(event.kind, neighbours, 'replace-one (the population keeps its size)');
  }
  if (event.kind === 'randomised-response' && neighbours !== 'replace-one') {
    throw unsound(event.kind, neighbours, 'replace-one (every unit gives an answer)');
  }
  if ('event' in event) walk(event.event, neighbours);
  if (event.kind === 'composed') for (const inner of event.events) walk(inner, neighbours);
}

const unsound = (kind: string, neighbours: Neighbours, expected: string): PrivacyError =>
  new PrivacyError(
    'unsound-parameters',
    `${kind}: got the relation ${neighbours}, expected ${expected}`,
    { kind, neighbours },
  );
