import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fail } from "@graft-ml/core";
import type { ExternalLoader } from "@graft-ml/graph";

const WHERE = "graft/external-files";

/**
 * Reads the tensors that a model keeps in files beside it, a stretch at a time. The model names those files, so only plain files in
 * its own folder or below are read: absolute paths, `..` and links that lead out are refused.
 */
export function besideModel(model: string): ExternalLoader {
  const path = resolve(model);
  const folder = dirname(path);
  return (location, offset, length) => {
    const refuse = (why: string): Error =>
      fail(WHERE, `${basename(path)} keeps tensors in ${JSON.stringify(location)}, ${why}`);
    if (location.includes("\0") || location.includes("\\")) throw refuse("which is no relative path");
    if (isAbsolute(location) || location.split("/").includes("..")) throw refuse("which is outside the model's folder");
    let real: string;
    let home: string;
    try {
      [real, home] = [realpathSync(join(folder, location)), realpathSync(folder)];
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw fail(WHERE, `${JSON.stringify(location)} cannot be read: ${(cause as Error).message}`, { cause });
    }
    const inside = relative(home, real);
    if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
      throw refuse("a link that leads out of the model's folder");
    return stretch(real, offset, length, refuse);
  };
}

function stretch(file: string, offset: number, length: number, refuse: (why: string) => Error): Uint8Array {
  // Not blocking: a named pipe would wait for a writer that never comes.
  const handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = fstatSync(handle);
    if (!found.isFile()) throw refuse("which is no plain file");
    if (offset + length > found.size)
      throw refuse(`whose ${found.size} bytes do not hold ${length} from byte ${offset} on`);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const read = readSync(handle, bytes, at, Math.min(length - at, 2 ** 30), offset + at);
      if (read === 0) throw refuse("which became shorter while it was read");
      at += read;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}
