import { basename } from "node:path";
import type { RunSummary, TestPrediction } from "graft-ml";
import { calibration } from "./calibration.ts";
import { classTable } from "./class-table.ts";
import { confidence } from "./confidence.ts";
import { confusion } from "./confusion.ts";
import { fitting } from "./fitting.ts";
import { headline } from "./headline.ts";
import { type Html, html, trusted } from "./html.ts";
import { mistakes } from "./mistakes.ts";
import { reasons } from "./reasons.ts";
import { leftOut, reproduce, settings } from "./settings.ts";
import { STYLE } from "./style.ts";

/** What a report is made from. */
export interface ReportInput {
  readonly summary: RunSummary;
  readonly testPredictions: readonly TestPrediction[];
  /** The command that does the run again. */
  readonly command: string;
  /** Default: the data's folder and what was put on it. */
  readonly title?: string;
  /** Whose the pictures are, where their licence wants it said. */
  readonly credits?: string;
  /** A section of the caller's own, shown below the headline. */
  readonly extra?: Html;
}

/** The report of a run as one HTML page that needs nothing else: plots are inline SVG, pictures are data URIs. */
export async function reportPage({ summary, testPredictions, command, extra, ...given }: ReportInput): Promise<string> {
  const { test, data } = summary;
  const title = given.title ?? `${basename(data.folder)}: ${summary.backbone}, ${summary.freezing}, ${summary.head}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="graft"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title><style>${trusted(STYLE)}</style></head><body><main>
<h1>${title}</h1>
${headline(summary)}
${extra}
${confusion(test, data.classes)}
${await mistakes(testPredictions, data)}
<div class="pair">${calibration(test, summary.temperature, data.kind)}${confidence(testPredictions, data.classes.length, data.kind)}</div>
${classTable(test, data.kind)}
${fitting(summary)}
${reasons(summary)}
${leftOut(summary)}
${settings(summary)}
${reproduce(command)}
<footer>Made by graft on this machine. Intervals: Wilson for accuracy, bootstrap for macro F1.${given.credits !== undefined && ` ${given.credits}`}</footer>
</main></body></html>
`;
  return page.html;
}
