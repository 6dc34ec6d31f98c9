import { fail, GraftError } from "@graft-ml/core";
import type { HubFile } from "./hub-file.ts";

/** How the hub's errors begin. */
export const WHERE = "backbones/hub";

/** A failure that another attempt may mend, after `wait` milliseconds if the server said so. */
export class Passing extends Error {
  readonly wait: number | undefined;

  constructor(message: string, options: { readonly wait?: number | undefined; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.wait = options.wait;
  }
}

/** What an HTTP status means for who wants a file; `undefined` for one that may pass. */
export function refusal(
  status: number,
  { repository, file, revision }: HubFile,
  token: boolean,
): GraftError | undefined {
  if (status === 401) {
    const how = token
      ? "The token in HF_TOKEN is not accepted: make a new one"
      : "It is private, or does not exist: check the name, or set HF_TOKEN to a token that may read it";
    return fail(WHERE, `the hub wants to know who asks for ${repository} (401). ${how}`);
  }
  if (status === 403) {
    return fail(
      WHERE,
      `the hub refuses ${repository} (403). Accept its terms on its page, then set HF_TOKEN to a token of that account`,
    );
  }
  if (status === 404) {
    return fail(
      WHERE,
      `the hub has no file "${file}" in ${repository} at revision "${revision}" (404). Check the card's repository, file and revision`,
    );
  }
  if (status === 429 || status === 408 || status >= 500) return undefined;
  return fail(WHERE, `the hub answers ${status} for ${repository}/${file}. Check the mirror that GRAFT_HUB names`);
}

/** The error for a file system that does not take the file; what is none of the file system's stays as it is. */
export function unwritable(error: unknown, path: string, file: HubFile): unknown {
  const cause = error as NodeJS.ErrnoException;
  if (error instanceof GraftError || typeof cause.code !== "string") return error;
  const what = `${file.repository}/${file.file}`;
  if (cause.code === "ENOSPC" || cause.code === "EDQUOT") {
    return fail(
      WHERE,
      `the disk is full: ${what} does not fit at ${path}. Free space and run again (it goes on where it stopped), or move the cache by GRAFT_CACHE`,
      { cause },
    );
  }
  return fail(WHERE, `cannot write ${path}: ${cause.code}. Mend its permissions, or move the cache by GRAFT_CACHE`, {
    cause,
  });
}
