import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { resample } from "./resample.ts";

interface Golden {
  readonly cases: readonly {
    readonly inputs: {
      readonly width: number;
      readonly height: number;
      readonly size: number;
      readonly crop: number;
      readonly interpolation: "bicubic" | "bilinear" | "lanczos3" | "nearest";
    };
    readonly expected: { readonly first: readonly number[]; readonly sha256: string };
  }[];
}

// tools/golden/decode.py: image.resize((size, size), kernel, box=((w-s)//2, (h-s)//2, (w+s)//2, (h+s)//2)), Pillow 13.0.0
const golden = JSON.parse(readFileSync(new URL("../golden/decode.json", import.meta.url), "utf8")) as Golden;

function recipe(width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[at++] = (x * (3 + c) + y * (7 - 2 * c)) * 5 + Math.floor((x * y) / (11 + c));
    }
  }
  return data;
}

test.each(golden.cases)("gives Pillow's bytes for $inputs", ({ inputs, expected }) => {
  const { width, height, size, crop, interpolation } = inputs;
  const side = Math.trunc(crop * Math.min(width, height));
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const box = { left, top, right: left + side, bottom: top + side };
  const out = resample({ width, height, data: recipe(width, height) }, box, size, interpolation);
  expect([...out.subarray(0, 12)]).toEqual(expected.first);
  expect(createHash("sha256").update(out).digest("hex")).toBe(expected.sha256);
});
