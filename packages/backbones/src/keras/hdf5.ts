import { fail, type Tensor } from "@graft-ml/core";
import { asFloat32 } from "./source.ts";

/** An HDF5 file, read. */
export interface Hdf5 {
  /** Paths of everything in the file. */
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** A text attribute of the file itself. */
  attribute(name: string): string | undefined;
  /** The texts that an attribute of a group lists; none where it has no such attribute. */
  list(path: string, name: string): readonly string[];
  /** A dataset of numbers as float32. */
  read(path: string): Tensor;
  close(): void;
}

let opened = 0;

/** Opens an HDF5 file from its bytes; `where` names it in errors. */
export async function openHdf5(where: string, bytes: Uint8Array): Promise<Hdf5> {
  const { ready, File, Dataset, Group } = await import("h5wasm");
  const library = await ready;
  // Otherwise it prints what goes wrong and goes on.
  library.activate_throwing_error_handler();
  const { FS } = library;
  // The library reads files of its own memory, never of the disk.
  const name = `graft-${opened++}.h5`;
  FS.writeFile(name, bytes);
  const broken = (cause: unknown) =>
    fail("backbones/keras", `${where} is no complete HDF5 file (${bytes.length} bytes); download or save it again`, {
      cause,
    });
  let file: InstanceType<typeof File>;
  try {
    file = new File(name, "r");
  } catch (cause) {
    FS.unlink(name);
    throw broken(cause);
  }
  const close = () => {
    file.close();
    FS.unlink(name);
  };
  let paths: readonly string[];
  try {
    paths = file.paths();
  } catch (cause) {
    close();
    throw broken(cause);
  }
  const known = new Set(paths);
  const attributeOf = (path: string, key: string): unknown => {
    try {
      const owner = path === "/" ? file : file.get(path);
      return owner instanceof Group ? owner.attrs[key]?.value : undefined;
    } catch (cause) {
      throw fail("backbones/keras", `${where}: its ${key} is damaged; download or save it again`, { cause });
    }
  };
  const whole = (path: string): { dims: readonly number[]; type: string; value: unknown } => {
    try {
      const dataset = file.get(path);
      if (!(dataset instanceof Dataset)) return { dims: [], type: "no dataset", value: undefined };
      return { dims: (dataset.shape ?? []).map(Number), type: String(dataset.dtype), value: dataset.value };
    } catch (cause) {
      throw fail("backbones/keras", `${where}: weights "${path}" are damaged; download or save it again`, { cause });
    }
  };
  return {
    paths,
    has: (path) => known.has(path),
    attribute(key) {
      const value = attributeOf("/", key);
      return typeof value === "string" ? value : undefined;
    },
    list(path, key) {
      const value = known.has(path) ? attributeOf(path, key) : undefined;
      return Array.isArray(value) && value.every((entry) => typeof entry === "string") ? value : [];
    },
    read(path) {
      if (!known.has(path)) throw fail("backbones/keras", `${where} has no weights "${path}"`);
      const { dims, type, value } = whole(path);
      if (typeof value === "number" || typeof value === "bigint") return asFloat32(dims, [Number(value)]);
      if (!ArrayBuffer.isView(value) || value instanceof DataView) {
        throw fail("backbones/keras", `${where}: weights "${path}" are no numbers but ${type}`);
      }
      return asFloat32(dims, value as Float32Array);
    },
    close,
  };
}
