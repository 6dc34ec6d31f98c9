// A folder of many pictures, each with contents of its own: copies of a given dataset's with bytes appended behind the picture.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes the folder, `class/i.jpg`, and returns its path; removing it is the caller's. */
export function manyPictures({ samples, classes }, count) {
  const folder = mkdtempSync(join(tmpdir(), "graft-many-"));
  for (const name of classes) mkdirSync(join(folder, name));
  for (let i = 0; i < count; i++) {
    const { path, label } = samples[i % samples.length];
    writeFileSync(
      join(folder, classes[label], `${i}.jpg`),
      Buffer.concat([readFileSync(path), Buffer.from(String(i))]),
    );
  }
  return folder;
}
