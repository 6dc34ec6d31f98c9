import { createRequire } from "node:module";
import { relative } from "node:path";
import type { RunSummary } from "graft-ml";
import sharp from "sharp";
import manifest from "../../package.json" with { type: "json" };
import { byteSize, count, duration, plural } from "../format.ts";
import { type Html, html } from "./html.ts";

const SKIPPED_SHOWN = 50;

/** What was run, in a table. */
export function settings(summary: RunSummary): Html {
  const { engine, groups, parameters, seconds, cache, train, plan, data, audit } = summary;
  const method = Object.entries(train.method).filter(([, value]) => !Array.isArray(value));
  const rows: [string, string][] = [
    ["backbone", summary.backbone],
    [
      "freezing",
      `${summary.freezing}: ${groups.frozen} layer groups frozen, ${groups.trained} trained${plan.phases.length > 1 ? `, ${plan.phases.length} phases` : ""}`,
    ],
    ["head", summary.head],
    [
      "fitted by",
      method
        .map(([name, value]) => `${name} ${typeof value === "number" ? Number(value.toPrecision(5)) : String(value)}`)
        .join(", "),
    ],
    ...variation(summary),
    ["engine", `${engine.train} trains, ${engine.frozen} runs what is frozen`],
    ["parameters", `${count(parameters.trained)} trained of ${count(parameters.total)}`],
    [
      "audit",
      `${count(audit.identical)} of ${count(audit.frozen)} frozen tensors are bit for bit as pretrained${audit.thawed > 0 ? `, ${count(audit.changed)} of ${count(audit.thawed)} thawed ones changed` : ""}`,
    ],
    [data.kind, `${count(train.samples)} to learn from, ${count(summary.test.samples)} to test on`],
    ...(data.columns === undefined ? [] : [["columns", columnsText(data.columns)] as [string, string]]),
    ...(data.truncated
      ? [["cut off", `${plural(data.truncated, "text")} longer than the backbone reads`] as [string, string]]
      : []),
    ["seed", String(summary.seed)],
    [
      "time",
      `${duration(seconds.total)}: frozen layers ${duration(seconds.features)}, training ${duration(seconds.train)}`,
    ],
    ["feature cache", `${count(cache.hits)} found, ${count(cache.misses)} made, ${byteSize(cache.bytes)} in all`],
    ["data", data.folder],
    ["fingerprint", data.fingerprint],
  ];
  return html`<section><h2>Settings</h2><div class="wide"><table class="settings"><tbody>
${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}
</tbody></table></div></section>`;
}

/** How training samples were varied, in rows of the table. */
function variation({ augmentation, mixing }: RunSummary): [string, string][] {
  const named = ({ name, options }: NonNullable<RunSummary["mixing"]>): string => {
    const given = Object.entries(options).map(([option, value]) => `${option} ${JSON.stringify(value)}`);
    return given.length === 0 ? name : `${name} (${given.join(", ")})`;
  };
  const where =
    augmentation === undefined || "at" in augmentation
      ? "another version at every visit"
      : `${augmentation.views} views of each sample, kept below a frozen boundary`;
  return [
    ...(augmentation === undefined
      ? []
      : [["augmentation", `${augmentation.applied.map(named).join(", ")}: ${where}`] as [string, string]]),
    ...(mixing === undefined ? [] : [["mixing", named(mixing)] as [string, string]]),
  ];
}

function columnsText({ text, label }: NonNullable<RunSummary["data"]["columns"]>): string {
  return `${text.join(" and ")}${label === undefined ? "" : `, classes in ${label}`}`;
}

/** The command that does it again. */
export function reproduce(command: string): Html {
  const library = createRequire(import.meta.url).resolve("graft-ml/package.json");
  return html`<section><h2>Do it again</h2>
<p class="soft">The same data, seed and versions give the same model.</p>
<pre>${command}</pre>
<p class="soft">graft ${manifest.version}, node ${process.version}, onnxruntime ${versionOf("onnxruntime-node", library)}, sharp ${sharp.versions.sharp}</p></section>`;
}

/** Files that were left out, and why; undefined where all were used. */
export function leftOut({ data }: RunSummary): Html | undefined {
  const { skipped, duplicates, folder } = data;
  if (skipped.length === 0 && duplicates === 0) return undefined;
  const more = skipped.length - SKIPPED_SHOWN;
  const thing = data.kind === "texts" ? "text" : "file";
  return html`<section><h2>Left out</h2>
${duplicates > 0 && html`<p>${count(duplicates)} ${thing}${duplicates === 1 ? " is a copy of another and was" : "s are copies of others and were"} counted once.</p>`}
${
  skipped.length > 0 &&
  html`<div class="wide"><table><thead><tr><th scope="col">${data.kind === "texts" ? "row or file" : "file"}</th><th scope="col">why</th></tr></thead><tbody>
${skipped.slice(0, SKIPPED_SHOWN).map(({ path, reason }) => html`<tr><td>${relative(folder, path)}</td><td>${reason}</td></tr>`)}
</tbody></table></div>${more > 0 && html`<p class="soft">and ${count(more)} more, all listed in graft.json</p>`}`
}</section>`;
}

function versionOf(name: string, from: string): string {
  try {
    return (createRequire(from)(`${name}/package.json`) as { version: string }).version;
  } catch {
    return "unknown";
  }
}
