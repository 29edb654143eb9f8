/** What a result rests on, in words, derived from the plan: the list that comes with every sum. */
import type { UpdateKey } from '../zk/update/key.ts';
import type { AnyPlan } from './plan.ts';
import { provenSchemeOf } from './proven-fields.ts';

/** One assumption; `code` is stable, `text` is for people. */
export type Assumption = { readonly code: string; readonly text: string };

/** The assumptions of a plan. */
export function assumptionsOf(plan: AnyPlan): readonly Assumption[] {
  const { parameters, trust, privacy } = plan;
  const { corruptCount, absentCount, clients } = parameters;
  const list: Assumption[] = [
    {
      code: 'corrupt-clients',
      text: `At most ${corruptCount} of ${clients} clients collude with the coordinator; rolled-back claim stores and sold keys count among them.`,
    },
    {
      code: 'roster-voucher',
      text: 'Whoever signed the roster vouches that each key belongs to a different participant.',
    },
    trust.coordinator === 'active'
      ? {
          code: 'active-coordinator',
          text: 'The coordinator may lie to anyone in any phase. It can still stop the round.',
        }
      : {
          code: 'semi-honest-coordinator',
          text: `The coordinator follows the protocol, and up to ${absentCount} clients drop out independently of the graph.`,
        },
    {
      code: 'key-agreement',
      text:
        plan.suite === 'x25519'
          ? 'X25519 is secure; traffic recorded today could be opened by a later quantum computer.'
          : 'X25519 or ML-KEM-768 is secure.',
    },
    {
      code: 'symmetric',
      text: 'ChaCha20, ChaCha20-Poly1305, HKDF-SHA-256, SHA-256 and Ed25519 are secure.',
    },
    {
      code: 'honest-inputs',
      text: 'The sum is of what contributors put in: one that lies within its clip is not noticed.',
    },
  ];
  if (plan.lattice !== undefined) list.push(...ofLatticeMasks(plan));
  if (plan.commitments !== undefined) {
    list.push({
      code: 'commitments',
      text: 'Discrete logarithms on BN254 are hard: else a client could open its commitment to two vectors. What a commitment hides it hides from everyone who cannot compute them either.',
    });
  }
  const proven = provenSchemeOf(plan);
  if (proven !== undefined) list.push(...ofProofs(proven.key, privacy !== undefined));
  const open = Object.entries(plan.fields).filter(([, field]) => field.public);
  if (privacy === undefined) {
    list.push({
      code: 'no-noise',
      text: 'The exact sum is revealed, without noise: it may itself say something about a person.',
    });
  } else {
    list.push(
      {
        code: 'noise',
        text: `At least ${privacy.honestSurvivorsMin} contributors add the noise that the plan asks for and tell nobody; clients that leave theirs out count among the corrupt ones.`,
      },
      {
        code: 'neighbours',
        text: 'The price is that of one client whose contribution is replaced by zero; who took part is public.',
      },
    );
    if (open.length > 0) {
      list.push({
        code: 'public-fields',
        text: `The exact sums of ${open.map(([name]) => `"${name}"`).join(', ')} are declared public: the price does not cover them.`,
      });
    }
  }
  if (trust.coordinator === 'active') {
    list.push(
      trust.beacon === undefined
        ? {
            code: 'no-beacon',
            text: 'The coordinator was honest until the adverts were in, the making of plan and roster included: no beacon kept it from choosing the graph.',
          }
        : {
            code: 'beacon',
            text: `Nobody knew round ${trust.beacon.round} of "${trust.beacon.chain}" when the plan was published, and the corrupt clients were fixed before it.`,
          },
    );
  }
  return Object.freeze(list.map((assumption) => Object.freeze(assumption)));
}

/** What hides the fields that travel under lattice masks, and what is not proven of that. */
function ofLatticeMasks({ fields }: AnyPlan): readonly Assumption[] {
  const names = Object.entries(fields).filter(([, { mask }]) => mask === 'lattice');
  const which = names.map(([name]) => `"${name}"`).join(', ');
  return [
    {
      code: 'lattice-rlwe',
      text: `What hides ${which}: ring learning with errors is hard in dimension 2,048 with a modulus of 46 bits, secrets and errors of width 3.3, and the public polynomials, grown from the round id by HKDF and ChaCha20, are as good as uniform.`,
    },
    {
      code: 'lattice-hint',
      text: 'The sum of the keys is revealed. That it leaves the others hidden at half of their width is the hint argument of Kim, Lee, Seo and Song (CRYPTO 2023); it needs two honest contributors, and here it has not been reviewed.',
    },
    {
      code: 'lattice-survivors',
      text: 'Who is in the sum does not depend on what the uploads look like. Sets of survivors that are chosen after seeing them are not covered by the proof; no attack is known.',
    },
  ];
}

/** What the bounds of contributors' values rest on, and that their proofs show nothing else of them. */
function ofProofs(key: UpdateKey, isNoisy: boolean): readonly Assumption[] {
  const list = [
    {
      code: 'proofs',
      text: `Of every contributor it is proven that each value has 16 bits at most, and each chunk of ${key.values} values the squared norm at most that the plan names. That is no bound on the norm of several chunks together, nor the range of each value.`,
    },
    {
      code: 'proof-setup',
      text: "In each step of the update key's setup somebody forgot what it drew: whoever knows it all proves anything, and opens commitments to other values.",
    },
    {
      code: 'proof-composition',
      text: 'Groth16 and its check of knowledge are sound in the algebraic group model, and SHA-256 is a random oracle. That they are sound together with the range argument has an informal argument only, and awaits outside review.',
    },
    {
      code: 'proof-secrecy',
      text: 'Proofs show nothing of values but their bounds: they are zero-knowledge under a key that was made honestly, for the circuit that it is said to be for.',
    },
  ];
  if (isNoisy) {
    list.push({
      code: 'proof-noise',
      text: 'Nothing is proven of the noise: values and noise are committed to apart, and bounds are those of the values. A client can shift the sum through its noise as far as the ring is wide.',
    });
  }
  if (key.insecure) {
    list.push({
      code: 'insecure-key',
      text: 'The update key says of itself that its secrets may be known: its proofs show nothing. It is for tests only.',
    });
  }
  return list;
}
