/**
 * The report as one HTML page for people. It needs no script, no font and no image, and its policy forbids them;
 * it can be mailed, printed and read in fifty years.
 */

import { evidence, settings } from './details.ts';
import { assertReport, type PrivacyReport } from './document.ts';
import { CLAIM, MEANING } from './limits.ts';
import { counted, figure, foreign, html, type Markup, price, span } from './markup.ts';
import { attendanceOf, attendancePlot, spendingPlot } from './plots.ts';
import { STYLE } from './style.ts';
import { type Moment, timelineOf } from './timeline.ts';
import { passagesOf } from './words.ts';

/**
 * A report as a self-contained page.
 *
 * @param report from `privacyReport` or `readReport`
 * @returns a whole HTML document; UTF-8 when it is written
 * @throws UsageError `wrong-type` for any other object
 *
 * **Security**: every text of the report stays text, and the page's content security policy allows inline styles
 * and nothing else: no script, no request, no form.
 */
export function reportHtml(report: PrivacyReport): string {
  assertReport(report);
  const moments = timelineOf(report);
  const { title, made, library, statement, limits, remains } = report;
  // Of our own making, without anything from outside.
  const style: Markup = { markup: `<style>${STYLE}</style>` };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
${style}
</head>
<body>
<main>
<header>
<p class="kind">Privacy report</p>
<h1>${foreign(title)}</h1>
<p>${made === null ? null : html`Made ${foreign(made)}, by `}veilsum ${library}</p>
</header>
<aside class="statement" aria-label="What this is"><p><strong>${CLAIM}</strong> ${MEANING}</p></aside>
${cards(report, moments)}
${findings(report)}
<section aria-labelledby="plain"><h2 id="plain">In plain words</h2>
${passagesOf(report).map(
  ({ heading, paragraphs }) => html`<h3>${heading}</h3>
${paragraphs.map((paragraph) => html`<p>${paragraph}</p>`)}`,
)}
<h3>What is not protected</h3>
<ul>${remains.map(({ text }) => html`<li>${text}</li>`)}</ul>
</section>
${overRounds(report, moments)}
${settings(report)}
${assumptions(report)}
<section aria-labelledby="limits"><h2 id="limits">What this report does not show</h2>
<ul>${limits.map(({ text }) => html`<li>${text}</li>`)}</ul>
</section>
${evidence(report)}
<footer><p>${statement}</p></footer>
</main>
</body>
</html>
`.markup;
}

function cards({ spending, ledger, rounds }: PrivacyReport, moments: readonly Moment[]): Markup {
  const card = (name: string, value: string, more: string): Markup =>
    html`<div><dt>${name}</dt><dd class="big">${value}</dd><dd class="more">${more}</dd></div>`;
  const sums = rounds.flatMap(({ contributors }) => (contributors === null ? [] : [contributors]));
  const opened = rounds.filter(({ outcome }) => outcome === 'opened').length;
  const charges = moments.filter(({ charge }) => charge !== null).length;
  return html`<dl class="cards">
${
  spending === null
    ? card('Differential privacy', 'none', 'the exact sum of every round is released')
    : card(
        'Privacy spent',
        `ε = ${price(spending.epsilon)}`,
        `${ledger === null ? 'by the plans on record' : `of a budget of ${figure(ledger.budget.epsilon)}`}, at δ = ${price(spending.delta)}`,
      )
}
${card(
  'Rounds',
  counted(moments.length, 'round'),
  `${opened} opened${spending === null ? '' : `, ${charges} charged`}${moments.length > opened ? `, ${moments.length - opened} without a sum on record` : ''}`,
)}
${
  sums.length > 0
    ? card(
        'In each sum',
        span(sums),
        `of ${span(rounds.map(({ invited }) => invited))} clients invited`,
      )
    : null
}
</dl>`;
}

function findings({ findings: list, ledger, rounds }: PrivacyReport): Markup | null {
  if (list.length === 0) {
    return ledger === null || !rounds.some(({ noise }) => noise !== null)
      ? null
      : html`<p class="agrees">✓ Records and ledger agree: every noisy round on record was charged, with its own plan and event, and nothing else was.</p>`;
  }
  return html`<section class="findings" aria-labelledby="findings"><h2 id="findings">Ask about this first</h2>
<ul>${list.map(({ round, text }) => html`<li>${round === null ? null : html`<strong>${foreign(round)}</strong>: `}${text}</li>`)}</ul>
</section>`;
}

function overRounds(report: PrivacyReport, moments: readonly Moment[]): Markup | null {
  if (moments.length === 0) return null;
  const spending = spendingPlot(report, moments);
  const attendance = attendancePlot(moments);
  return html`<section aria-labelledby="rounds"><h2 id="rounds">Round by round</h2>
${
  spending === null
    ? null
    : html`<figure>${spending}<figcaption>What was spent when: a round is charged before anything of it leaves, and stays charged. A hollow dot is a charge of which no opened sum is on record.</figcaption></figure>`
}
${
  attendance === null
    ? null
    : html`<figure>${attendance}<figcaption><ul class="key"><li><i class="stayed"></i>in the sum</li><li><i class="left"></i>in the sum, gone before the round ended</li><li><i class="out"></i>invited, not in the sum</li><li>✕ messages refused</li></ul></figcaption></figure>`
}
<div class="scroll" role="region" aria-label="All rounds" tabindex="0"><table><caption>Every round, in numbers.</caption>
<thead><tr><th scope="col">Round</th><th scope="col">Outcome</th><th scope="col">Noise</th><th scope="col" class="number">In the sum</th><th scope="col">Lost in phase</th><th scope="col">Messages refused</th><th scope="col" class="number">ε so far</th></tr></thead>
<tbody>${moments.map(row)}</tbody></table></div>
</section>`;
}

function row(moment: Moment): Markup {
  const { round, record, charge, epsilon } = moment;
  const listed = (parts: readonly string[]): string =>
    parts.length === 0 ? '–' : parts.join(', ');
  const outcome =
    record === null
      ? 'charged, no record'
      : record.outcome === 'failed'
        ? `failed: ${record.reason ?? 'no reason given'}`
        : record.outcome === 'unknown'
          ? 'no result on record'
          : 'opened';
  const { stayed, left } = attendanceOf(moment);
  return html`<tr><th scope="row">${foreign(round)}</th><td>${outcome}</td><td>${record === null ? '–' : (record.noise?.mechanism ?? 'none')}</td><td class="number">${record?.contributors === null || record === null ? '–' : `${figure(stayed + left)} of ${figure(record.invited)}`}</td><td>${listed((record?.lost ?? []).map(({ phase, clients }) => `${phase}: ${clients}`))}</td><td>${listed((record?.refused ?? []).map(({ phase, code, messages }) => `${messages} in ${phase} (${code})`))}</td><td class="number">${charge === null ? (record?.noise === null ? 'not covered' : 'not charged') : epsilon === undefined ? '·' : price(epsilon)}</td></tr>`;
}

/** Each assumption once, with how many rounds rest on it where these are not all. */
function assumptions({ rounds }: PrivacyReport): Markup | null {
  if (rounds.length === 0) return null;
  const counts = new Map<string, number>();
  for (const round of rounds) {
    for (const { text } of round.assumptions) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return html`<section aria-labelledby="rests"><h2 id="rests">What the privacy of these sums rests on</h2>
<p>In the words of the records. If one of these does not hold, what is said above may not hold either.</p>
<ul>${[...counts].map(([text, count]) => html`<li>${text}${count < rounds.length ? ` (${counted(count, 'round')} of ${rounds.length})` : null}</li>`)}</ul>
</section>`;
}
