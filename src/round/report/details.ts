/** The parts of the page for those who check: what each kind of round was set to, and what ties it down. */
import { canonicalJson } from '../../dp/ledger/lines.ts';
import type { PrivacyReport } from './document.ts';
import type { EncryptedSetting, MaskedSetting, NoiseRecord, RoundRecord } from './facts.ts';
import { counted, figure, foreign, html, type Markup, price, span } from './markup.ts';
import { fieldText, MECHANISMS, NEIGHBOURS } from './words.ts';

type Row = readonly [name: string, value: Markup | string];
type Rounds = readonly [RoundRecord, ...(readonly RoundRecord[])];

/** One block for all rounds that were set up alike. */
export function settings({ rounds }: PrivacyReport): Markup | null {
  if (rounds.length === 0) return null;
  const groups = new Map<string, [RoundRecord, ...RoundRecord[]]>();
  for (const round of rounds) {
    const { setting, invited, floor, fields, noise } = round;
    const key = canonicalJson({
      setting,
      invited,
      floor,
      fields: fields.map((field) => ({ ...field, deviation: null })),
      noise: noise === null ? null : { ...noise, honestSurvivors: null },
    });
    const before = groups.get(key);
    if (before === undefined) groups.set(key, [round]);
    else before.push(round);
  }
  return html`<section aria-labelledby="settings"><h2 id="settings">What was set</h2>
${[...groups.values()].map(
  (group) => html`<div class="setting"><h3>${namesOf(group)}</h3>
${listOf([...commonRows(group), ...noiseRows(group), ...settingRows(group[0].setting)])}</div>`,
)}
</section>`;
}

/** The first rounds of a group by name, and how many there are. */
function namesOf(group: Rounds): Markup {
  const shown = group.length <= 6 ? group : group.slice(0, 5);
  const more = group.length - shown.length;
  return html`${shown.map(({ round }, i) => html`${i > 0 ? ', ' : null}${foreign(round)}`)}${more > 0 ? ` and ${more} more` : null}`;
}

const listOf = (rows: readonly Row[]): Markup =>
  html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

function commonRows(group: Rounds): readonly Row[] {
  const [{ fields, invited, floor }] = group;
  return [
    ...fields.map((field): Row => [`Clip of “${field.name}”`, fieldText(field)]),
    ['Invited', counted(invited, 'client')],
    ['Fewest in a sum', counted(floor, 'client')],
  ];
}

function noiseRows(group: Rounds): readonly Row[] {
  const noises = group.flatMap(({ noise }) => (noise === null ? [] : [noise]));
  const noise = noises[0];
  if (noise === undefined)
    return [['Noise', 'none: no differential privacy, the exact sum is released']];
  const survivors = noises.flatMap(({ honestSurvivors }) =>
    honestSurvivors === null ? [] : [honestSurvivors],
  );
  return [
    ['Unit of privacy', 'a client, with everything it contributes to the run'],
    ['Neighbouring worlds', NEIGHBOURS[noise.neighbours]],
    ['Mechanism', MECHANISMS[noise.mechanism]],
    ...deviationRows(group),
    ['Noise over sensitivity', figure(Number(noise.multiplier))],
    [
      'Survivors',
      `the noise of ${figure(noise.honestSurvivorsMin)} honest clients alone keeps to the price; ` +
        (survivors.length === 0
          ? 'no result on record'
          : `there were ${span(survivors)}, if no more were corrupt than allowed for`),
    ],
    ...claimRows(noise),
  ];
}

function claimRows(noise: NoiseRecord): readonly Row[] {
  const { epsilon, delta, rounds, replaceOneEpsilon, wrapProbability } = noise;
  return [
    [
      'The plan’s claim',
      `ε = ${price(epsilon)} at δ = ${price(delta)} for a run of ${counted(rounds, 'round')}; ` +
        `between any two contributions of a client ε = ${price(replaceOneEpsilon)}`,
    ],
    [
      'Composition',
      'Rényi divergences of the rounds add up; what is shown above is worked out from the events that were charged',
    ],
    ['Wrap of a coordinate', `with a probability of at most ${price(wrapProbability)} a round`],
  ];
}

function deviationRows(group: Rounds): readonly Row[] {
  const names = group[0].fields.filter((field) => !field.public).map(({ name }) => name);
  return names.flatMap((name): readonly Row[] => {
    const found = group.flatMap(({ fields }) =>
      fields.flatMap((field) =>
        field.name === name && field.deviation !== null ? [field.deviation] : [],
      ),
    );
    return found.length === 0
      ? []
      : [[`Noise in “${name}”`, `standard deviation ${span(found)} in each coordinate of the sum`]];
  });
}

const settingRows = (setting: RoundRecord['setting']): readonly Row[] =>
  setting.protection === 'masks' ? maskedRows(setting) : encryptedRows(setting);

function maskedRows(of: MaskedSetting): readonly Row[] {
  const { coordinator, corrupt, absent, corruptCount, absentCount, beacon, commitments } = of;
  return [
    [
      'Coordinator',
      coordinator === 'active' ? 'may lie to anyone in any phase' : 'follows the protocol',
    ],
    ['May collude', `${counted(corruptCount, 'client')} (a share of ${corrupt})`],
    ['May vanish', `${counted(absentCount, 'client')} (a share of ${absent})`],
    [
      'Mask graph',
      `${figure(of.degree)} neighbours each, ${figure(of.threshold)} shares open a seed, ${figure(of.quorum)} signatures confirm`,
    ],
    ['Key agreement', of.suite],
    [
      'Beacon',
      beacon === null ? 'none' : html`round ${figure(beacon.round)} of ${foreign(beacon.chain)}`,
    ],
    ['Commitments', commitments ?? 'none'],
  ];
}

const encryptedRows = (of: EncryptedSetting): readonly Row[] => [
  ['Opened by', `${figure(of.threshold)} of ${counted(of.holders, 'holder')} together`],
  ['Signatures', `${figure(of.quorum)} on one closing; up to ${figure(of.corrupt)} may sign two`],
  ['Parameter set', of.set],
];

/** Hashes and versions: what a reader can hold against something outside. */
export function evidence({ rounds, ledger, library }: PrivacyReport): Markup {
  const versions = [...new Set([library, ...rounds.map((round) => round.library)])];
  return html`<section class="evidence" aria-labelledby="evidence"><h2 id="evidence">To check against</h2>
${listOf([
  ['Versions of veilsum', versions.join(', ')],
  ...(ledger === null
    ? []
    : ([
        ['Ledger', html`<code>${ledger.id}</code>`],
        [
          'Ledger head',
          html`${counted(ledger.head.count, 'entry')}, <code>${ledger.head.hash}</code>`,
        ],
        [
          'Budget',
          `ε = ${figure(ledger.budget.epsilon)} at δ = ${figure(ledger.budget.delta)}, for ever`,
        ],
        [
          'Admitted by',
          `divergence of order ${figure(ledger.order)}: ${figure(ledger.spent)} spent of ${figure(ledger.limit)}`,
        ],
      ] satisfies readonly Row[])),
])}
${
  rounds.length === 0
    ? null
    : html`<div class="scroll" role="region" aria-label="Hashes" tabindex="0"><table><caption>Hashes are SHA-256. Whoever kept a transcript, a plan or a bundle can compare.</caption>
<thead><tr><th scope="col">Round</th><th scope="col">Plan</th><th scope="col">Transcript head</th><th scope="col">Proof bundle</th></tr></thead>
<tbody>${rounds.map(
        ({ round, plan, transcript, bundle }) =>
          html`<tr><th scope="row">${foreign(round)}</th><td><code>${plan}</code></td><td>${transcript === null ? '–' : html`${counted(transcript.size, 'entry')}, <code>${transcript.root}</code>`}</td><td>${bundle === null ? '–' : html`<code>${bundle}</code>`}</td></tr>`,
      )}</tbody></table></div>`
}
</section>`;
}
