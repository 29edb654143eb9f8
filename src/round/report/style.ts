/** The look of a report: on a screen, light or dark, on a phone, and on paper. No font or image is fetched. */

/** The whole style sheet; holds nothing that came from outside. */
export const STYLE: string = `
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --card: #ffffff; --ink: #1d2327; --soft: #5b6770; --rule: #dfe3e6;
  --blue: #0067a5; --wash: #0067a51a; --amber: #8a5a00; --amber-wash: #fff4d9; --orange: #d55e00;
  --stay: #0072b2; --left: #56b4e9; --out: #c9ced3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181b; --card: #1c2226; --ink: #e7eaec; --soft: #a3aeb6; --rule: #343c42;
    --blue: #6db8ee; --wash: #6db8ee22; --amber: #ffcf70; --amber-wash: #352a12; --orange: #ff9a4d;
    --stay: #3d9bdc; --left: #9fd6f7; --out: #4b555c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
main { max-width: 58rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header p { margin: 0; color: var(--soft); }
h1 { font-size: 2rem; line-height: 1.2; margin: .2rem 0 .4rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.8rem 0 .6rem; padding-bottom: .3rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1.02rem; margin: 1.5rem 0 .3rem; }
p { margin: .5rem 0; max-width: 44rem; }
.kind { font-size: .8rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; color: var(--blue); }
.statement {
  margin: 1.5rem 0; padding: .8rem 1.1rem; border-left: 4px solid var(--amber);
  background: var(--amber-wash); border-radius: 0 8px 8px 0;
}
.statement p { margin: 0; max-width: none; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); gap: .9rem; margin: 1.4rem 0; padding: 0; }
.cards > div, figure, .setting { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.cards > div { padding: .9rem 1.1rem; }
.cards dt { font-size: .82rem; color: var(--soft); }
.cards dd { margin: 0; }
.cards dd.big { font-size: 1.5rem; font-weight: 650; line-height: 1.3; }
.cards dd.more { font-size: .86rem; color: var(--soft); }
figure { margin: 1rem 0; padding: 1rem 1rem .7rem; break-inside: avoid; }
figcaption { font-size: .88rem; color: var(--soft); margin-top: .3rem; }
svg { display: block; width: 100%; min-width: 30rem; height: auto; font-size: 13px; }
svg text { fill: var(--soft); } svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
svg .grid { stroke: var(--rule); } svg .line { fill: none; stroke: var(--blue); stroke-width: 2; }
svg .area { fill: var(--wash); } svg .dot { fill: var(--blue); stroke: var(--blue); stroke-width: 1.5; }
svg .hollow { fill: var(--card); }
svg .budget { stroke: var(--orange); stroke-width: 2; stroke-dasharray: 7 5; }
svg .budget-text, svg .refused { fill: var(--orange); font-weight: 600; }
svg .stayed, .key .stayed { fill: var(--stay); background: var(--stay); }
svg .left, .key .left { fill: var(--left); background: var(--left); }
svg .out, .key .out { fill: var(--out); background: var(--out); }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: .3rem 0 0; list-style: none; }
.key i { display: inline-block; width: .8em; height: .8em; margin-right: .45em; border-radius: 2px; print-color-adjust: exact; }
.scroll, figure { overflow-x: auto; }
.scroll table { min-width: 44rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .88rem; padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--rule); }
thead th { color: var(--soft); font-weight: 600; font-size: .82rem; }
tbody th { font-weight: 600; min-width: 7rem; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; }
tr { break-inside: avoid; }
.setting { padding: .2rem 1.2rem .8rem; margin: 1rem 0; }
.setting dl, .evidence dl { display: grid; grid-template-columns: minmax(9rem, 13rem) 1fr; gap: .35rem 1.2rem; margin: .6rem 0; }
.setting dt, .evidence dt { color: var(--soft); } .setting dd, .evidence dd { margin: 0; overflow-wrap: anywhere; }
li { margin: .3rem 0; max-width: 44rem; }
.findings li, .findings p { max-width: none; }
.findings { border: 1px solid var(--orange); border-radius: 10px; padding: .3rem 1.2rem .6rem; margin: 1.4rem 0; }
.findings h2 { border: 0; margin: .6rem 0 .2rem; color: var(--orange); font-size: 1.1rem; }
.agrees { color: var(--soft); }
code { font: .86em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { margin-top: 3rem; font-size: .86rem; color: var(--soft); }
@media (max-width: 34rem) {
  .setting dl, .evidence dl { grid-template-columns: 1fr; gap: 0; } .setting dd, .evidence dd { margin-bottom: .5rem; }
}
@media print {
  :root {
    --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --rule: #bbb; --blue: #0067a5; --wash: #0067a51a;
    --amber: #8a5a00; --amber-wash: #fff; --orange: #b34700; --stay: #0072b2; --left: #56b4e9; --out: #c9ced3;
  }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; } h2 { break-after: avoid; }
  .scroll, figure { overflow: visible; } .scroll table, svg { min-width: 0; }
}
`;
