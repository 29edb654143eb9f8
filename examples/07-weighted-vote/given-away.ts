/**
 * What a tally gives away by itself. Shares are public, so who holds 400 of them shows in a sum of 400. A
 * private sum keeps the ballots from everybody, but not from what the result says.
 */

/** For one motion: in how many ways its tally can come about, and whose choice is the same in all of them. */
export type GivenAway = { readonly ways: bigint; readonly known: readonly string[] };

/**
 * Looks at everything that holders of so many shares could have chosen.
 *
 * @param shares - each voter's, public: whole numbers from 1 on
 * @param tally - shares for each choice; together those of all voters
 *
 * **Cost**: voters × what sums are possible for all choices but the last. The tallies reached are kept by
 * their sums, not by who made them, so that a hundred voters are no harder than their sums.
 */
export function givenAway(
  shares: ReadonlyMap<string, number>,
  tally: readonly number[],
): GivenAway {
  const voters = [...shares];
  const whole = tally.join();
  const ways =
    waysOf(
      voters.map(([, held]) => held),
      tally,
    ).get(whole) ?? 0n;
  // A choice is known if no way is left for the others once this one is fixed otherwise.
  const known = voters.filter(([name, held]) => {
    const others = waysOf(
      voters.filter(([other]) => other !== name).map(([, h]) => h),
      tally,
    );
    const possible = tally.filter((_, c) =>
      others.has(tally.map((sum, i) => (i === c ? sum - held : sum)).join()),
    );
    return possible.length === 1;
  });
  return { ways, known: known.map(([name]) => name) };
}

/** How often each tally up to this one comes about. */
function waysOf(held: readonly number[], limit: readonly number[]): ReadonlyMap<string, bigint> {
  let reached = new Map([[limit.map(() => 0).join(), 1n]]);
  for (const shares of held) {
    const next = new Map<string, bigint>();
    for (const [key, ways] of reached) {
      const sums = key.split(',').map(Number);
      for (const c of limit.keys()) {
        if ((sums[c] as number) + shares > (limit[c] as number)) continue;
        const after = sums.map((sum, i) => (i === c ? sum + shares : sum)).join();
        next.set(after, (next.get(after) ?? 0n) + ways);
      }
    }
    reached = next;
  }
  return reached;
}
