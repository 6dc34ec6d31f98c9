import { join } from "node:path";
import { fail } from "@graft-ml/core";

/** A file of a repository on a hub. */
export interface HubFile {
  /** Owner and name, `owner/name`. */
  readonly repository: string;
  /** Path inside the repository, with `/`. */
  readonly file: string;
  /** Commit, tag or branch. */
  readonly revision: string;
}

const PART = /^(?!\.{1,2}$)[\w.-]+$/;

/** Refuses names that would leave the cache's folder or the hub's layout. */
export function checkHubFile({ repository, file, revision }: HubFile): void {
  const owner = repository.split("/");
  if (owner.length !== 2 || !owner.every((part) => PART.test(part)))
    throw fail("backbones/hub", `expected a repository as "owner/name"; received ${JSON.stringify(repository)}`);
  for (const [what, path] of [
    ["file", file],
    ["revision", revision],
  ] as const) {
    if (!path.split("/").every((part) => PART.test(part)))
      throw fail(
        "backbones/hub",
        `expected a ${what} of letters, digits, "/", ".", "-", "_"; received ${JSON.stringify(path)}`,
      );
  }
}

/** Where a hub serves a file. */
export function hubUrl(base: string, { repository, file, revision }: HubFile): URL {
  let url: URL;
  try {
    url = new URL(base);
  } catch (cause) {
    throw fail("backbones/hub", `expected GRAFT_HUB to be a URL; received ${JSON.stringify(base)}`, { cause });
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw fail(
      "backbones/hub",
      `expected GRAFT_HUB to begin with https:// or http://; received ${JSON.stringify(base)}`,
    );
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${repository}/resolve/${encodeURIComponent(revision)}/${file}`;
  return url;
}

/** Where a cache keeps a file. */
export function cachedPath(cache: string, { repository, file, revision }: HubFile): string {
  return join(cache, "hub", repository.replace("/", "--"), revision.replaceAll("/", "--"), ...file.split("/"));
}
