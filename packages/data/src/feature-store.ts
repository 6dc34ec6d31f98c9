import { createHash } from "node:crypto";
import { join } from "node:path";
import { fail, type ImagePreprocessing, type PlainOptions } from "@graft-ml/core";
import { cacheFolder } from "./cache-folder.ts";
import { listSpaces, pruneSpaces } from "./cache-report.ts";
import { type FeatureSpace, openSpace } from "./feature-space.ts";

/** Everything that features depend on besides the sample itself: another value of any is another space. */
export interface FeatureSpaceParts {
  /** sha256 of the model file. */
  readonly weights: string;
  /** Name of the value that is kept. */
  readonly boundary: string;
  /** f16 halves the bytes; values it cannot hold make a file f32. */
  readonly precision: "f16" | "f32";
  readonly preprocessing: ImagePreprocessing | PlainOptions;
  /** `DECODER_VERSION`, or a tokenizer's hash. */
  readonly decoder: string;
  /** Shape of one sample's features. */
  readonly dims: readonly number[];
}

/** Where features are kept. */
export interface FeatureStoreOptions {
  /** Default: `cacheFolder()`. */
  readonly directory?: string;
  /** The least recently used spaces are removed above this many bytes, when a space is opened. Default: 10 GiB. */
  readonly limitBytes?: number;
  /** Told of damaged files, and once that the disk refuses. */
  readonly onNotice?: (message: string) => void;
}

/** A content-addressed store of features. */
export interface FeatureStore {
  readonly directory: string;
  open(parts: FeatureSpaceParts): Promise<FeatureSpace>;
}

/** Raise when files of an earlier version must not be read. */
const FORMAT = 1;

/** A store of frozen features in the user's cache folder; safe for several processes, a broken or full disk only slows. */
export function featureStore(options: FeatureStoreOptions = {}): FeatureStore {
  const { directory = cacheFolder(), limitBytes = 10 * 1024 ** 3, onNotice = () => {} } = options;
  const inUse = new Set<string>();
  return {
    directory,
    async open(parts) {
      const { dims, precision } = parts;
      if (!dims.every((dim) => Number.isSafeInteger(dim) && dim > 0)) {
        throw fail("data/feature-store", `expected dims of positive integers; received [${dims.join(", ")}]`);
      }
      const description = canonicalJson({ format: FORMAT, ...parts });
      const key = createHash("sha256").update(description).digest("hex").slice(0, 32);
      inUse.add(key);
      const folder = join(directory, "features", key);
      const space = await openSpace({ key, folder, dims, precision, description, onNotice });
      // A cache that cannot be tidied still serves.
      await listSpaces(directory)
        .then((spaces) =>
          pruneSpaces(
            spaces.filter((other) => !inUse.has(other.key)),
            limitBytes - space.bytes,
          ),
        )
        .catch(() => {});
      return space;
    },
  };
}

/** JSON with keys in alphabetical order: equal values, equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
