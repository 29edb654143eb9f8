/** The small rounds that the bad-input scenarios are played on. */
import { type InputsOf, type IntegerField, integer, type SuiteName, type Trust } from 'veilsum';
import { type Party, party, planFor } from '../../support/round.ts';
import { type Recording, record } from './recording.ts';

export const FIELDS: { readonly votes: IntegerField; readonly count: IntegerField } = {
  votes: integer({ length: 5, min: -3, max: 96 }),
  count: integer({ length: 1, min: 0, max: 1_000_000 }),
};

const numberOf = (id: string): number => Number(id.slice('client-'.length));

export const inputsOf = (id: string): InputsOf<typeof FIELDS> => ({
  votes: Array.from({ length: 5 }, (_, i) => ((numberOf(id) * 31 + i * 7) % 100) - 3),
  count: [numberOf(id) * 70_001],
});

/** The exact sums of these clients' inputs. */
export const sumOf = (
  ids: readonly string[],
): { readonly votes: readonly number[]; readonly count: readonly number[] } => ({
  votes: Array.from({ length: 5 }, (_, i) =>
    ids.reduce((sum, id) => sum + (inputsOf(id).votes[i] as number), 0),
  ),
  count: [ids.reduce((sum, id) => sum + (inputsOf(id).count[0] as number), 0)],
});

/** Five people, complete graph, two may be missing; the floor is three. */
export const smallTrust: Trust = { corrupt: 0, absent: 0.4, coordinator: 'active' };

export async function smallRound(suite: SuiteName, n = 5): Promise<Recording<typeof FIELDS>> {
  const people: Party = await party(n);
  const plan = planFor(people, { fields: FIELDS, trust: smallTrust, suite });
  return record(people, plan, inputsOf);
}
