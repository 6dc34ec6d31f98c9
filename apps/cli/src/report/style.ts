/** The page's style sheet: one column, light or dark as the reader has it, printable. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2522; --soft: #5d6a65; --line: #dbe2de; --paper: #fbfcfb; --card: #fff;
  --accent: #1f7a5a; --wrong: #b4472e; --second: #3a62ad; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebe8; --soft: #9aa8a2; --line: #313a36; --paper: #131816; --card: #1a211e;
  --accent: #47b98f; --wrong: #e8866c; --second: #86aaf0; --on-accent: #06140e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.05rem; font-weight: 600; color: var(--soft); margin: 0 0 1.2rem; letter-spacing: .01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 .35rem; letter-spacing: -.01em; }
p { margin: .35rem 0 .8rem; max-width: 46rem; }
.nowrap { white-space: nowrap; }
.soft { color: var(--soft); font-size: .92rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.35rem 1.5rem; margin: 0 0 1.1rem; }
.hero { display: flex; flex-wrap: wrap; gap: .4rem 2rem; align-items: baseline; }
.hero strong { font-size: 4rem; line-height: 1; letter-spacing: -.04em; color: var(--accent); font-weight: 700; }
.hero span { font-size: 1.12rem; max-width: 36rem; flex: 1 1 18rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 1.1rem; margin: 0 0 1.1rem; }
.pair section { margin: 0; min-width: 0; }
h3 { font-size: 1rem; margin: 0 0 .4rem; }
.beside { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; align-items: center; }
.beside figure { flex: 0 1 auto; min-width: 0; }
.beside > div { flex: 1 1 17rem; }
ol { margin: 0; padding-left: 1.3rem; }
ol li { padding: .15rem 0; overflow-wrap: anywhere; }
figure { margin: .6rem 0 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; display: block; font-size: 12px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .38rem .9rem .38rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 500; white-space: nowrap; }
tr:last-child > * { border-bottom: 0; }
th[scope=row] { font-weight: 500; }
td.n, th.n { text-align: right; white-space: nowrap; }
th[scope=row] { min-width: 8rem; }
.settings th { width: 12rem; color: var(--soft); font-weight: 500; }
.meter { display: inline-block; width: 6rem; height: .5rem; border-radius: 3px; background: var(--line); vertical-align: middle; margin-left: .6rem; overflow: hidden; }
.meter i { display: block; height: 100%; background: var(--accent); }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.6rem, 1fr)); gap: .9rem; padding: 0; margin: .8rem 0 0; list-style: none; }
.mistakes li { min-width: 0; font-size: .86rem; line-height: 1.35; }
.mistakes .frame { aspect-ratio: 1; background: #fff; border: 1px solid var(--line); border-radius: 8px; display: grid; place-items: center; overflow: hidden; margin-bottom: .35rem; }
.mistakes img { width: 100%; height: 100%; object-fit: contain; display: block; }
.mistakes .frame span { color: #666; padding: .5rem; text-align: center; }
.mistakes b { color: var(--wrong); font-weight: 600; overflow-wrap: anywhere; }
.mistakes div + div { overflow-wrap: anywhere; }
.mistakes.texts { grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); }
.mistakes.texts li { border-left: 3px solid var(--line); padding-left: .8rem; }
.mistakes blockquote { margin: 0 0 .35rem; font-size: .95rem; line-height: 1.45; overflow-wrap: anywhere; }
.file { color: var(--soft); font-size: .78rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; font: .86rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .86rem; padding: .4rem .2rem; }
@media print { section { break-inside: avoid; } body { background: #fff; } }
`;
