import { describe, expect, test } from "vitest";
import { fail, GraftError, unknownName } from "./errors.ts";
import { booleanOption, choiceOption, numberOption, onlyOptions } from "./options.ts";
import { camelCase, fromBarrel, kebabCase, loadPluginModule, pluginNames } from "./plugins.ts";
import { seededRandom } from "./random.ts";
import { float32, floatToHalf, fromBytes, halfToFloat, int64, tensor, toNumbers } from "./tensors.ts";

describe("errors", () => {
  test("one line: where and what, the cause kept", () => {
    const cause = new Error("disk");
    const error = fail("heads/linear", "expected units; received 0", { cause });
    expect(error).toBeInstanceOf(GraftError);
    expect(error.message).toBe("[heads/linear] expected units; received 0");
    expect(error).toMatchObject({ code: "input", where: "heads/linear", cause });
  });

  test("an unknown name suggests the nearest and lists the known", () => {
    expect(unknownName("cli", "weighting", "pcgrd", ["equal", "pcgrad", "dwa"]).message).toBe(
      '[cli] unknown weighting "pcgrd"; did you mean "pcgrad"? known: dwa, equal, pcgrad',
    );
    expect(unknownName("cli", "head", "zzzzzz", ["linear"]).message).toBe('[cli] unknown head "zzzzzz"; known: linear');
  });
});

describe("options", () => {
  test("numbers in range, or an error that shows the value", () => {
    expect(numberOption("x", {}, "r", 8)).toBe(8);
    expect(numberOption("x", { r: 4 }, "r", 8, { min: 1, integer: true })).toBe(4);
    for (const r of [0, 1.5, "4", null, Number.NaN]) {
      expect(() => numberOption("x", { r }, "r", 8, { min: 1, integer: true })).toThrow(
        `[x] expected r to be an integer ≥ 1; received ${JSON.stringify(r)}`,
      );
    }
  });

  test("choices and unknown options", () => {
    expect(booleanOption("x", { on: false }, "on", true)).toBe(false);
    expect(booleanOption("x", {}, "on", true)).toBe(true);
    expect(() => booleanOption("x", { on: 1 }, "on", true)).toThrow("[x] expected on to be true or false; received 1");
    expect(() => choiceOption("x", { mode: "fro" }, "mode", "a", ["a", "b"])).toThrow(
      '[x] expected mode to be one of a, b; received "fro"',
    );
    expect(() => onlyOptions("x", { groop: 1 }, ["groups"])).toThrow(
      '[x] unknown option "groop"; did you mean "groups"? known: groups',
    );
  });
});

describe("plugins", () => {
  const barrel = { efficientnetLite0: () => "net", freezeTo: (options?: object) => options, notAFunction: 3 };

  test("names are kebab-case and go both ways", () => {
    expect(pluginNames(barrel)).toEqual(["efficientnet-lite0", "freeze-to"]);
    for (const name of pluginNames(barrel)) expect(kebabCase(camelCase(name))).toBe(name);
  });

  test("a factory is found by its name and gets its options", () => {
    expect(fromBarrel("x", "strategy", barrel, "freeze-to", { n: 1 })).toEqual({ n: 1 });
    expect(() => fromBarrel("x", "strategy", barrel, "freeze-too")).toThrow(
      'unknown strategy "freeze-too"; did you mean "freeze-to"?',
    );
    expect(() => fromBarrel("x", "strategy", barrel, "to-string")).toThrow("unknown strategy");
  });

  test("a module that cannot be loaded", async () => {
    await expect(loadPluginModule("./nowhere.js")).rejects.toThrow(
      /^\[core\/plugins\] cannot load plugin ".\/nowhere.js": /,
    );
  });
});

describe("random", () => {
  test("the same seed gives the same stream, forks are independent", () => {
    const draw = (seed: number | string) => Array.from({ length: 5 }, seededRandom(seed).uniform);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const [a, b] = [seededRandom(1), seededRandom(1)];
    a.uniform();
    expect(a.fork("x").uniform()).toBe(b.fork("x").uniform());
    expect(a.fork("x").uniform()).not.toBe(a.fork("y").uniform());
  });

  test("a restored state goes on exactly, normals included", () => {
    const random = seededRandom(5);
    random.normal();
    const state = random.state();
    const next = [random.normal(), random.uniform(), random.normal()];
    const other = seededRandom(9);
    other.restore(state);
    expect([other.normal(), other.uniform(), other.normal()]).toEqual(next);
    expect(() => other.restore([1, 2])).toThrow("[core/random] expected a state of 5 numbers; received 2");
  });

  test("moments of uniforms, normals and integers", () => {
    const random = seededRandom(3);
    const n = 20_000;
    const mean = (draw: () => number) => Array.from({ length: n }, draw).reduce((a, b) => a + b) / n;
    expect(mean(random.uniform)).toBeCloseTo(0.5, 1);
    expect(mean(random.normal)).toBeCloseTo(0, 1);
    expect(mean(() => random.normal() ** 2)).toBeCloseTo(1, 1);
    const counts = [0, 0, 0];
    for (let i = 0; i < 3000; i++) counts[random.integer(3)]!++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
    expect(() => random.integer(0)).toThrow("[core/random] expected below to be a positive integer; received 0");
  });

  test("shuffling keeps every item", () => {
    expect(seededRandom(1).shuffle([1, 2, 3, 4, 5]).sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("tensors", () => {
  test("halves round to the nearest, ties to even, at every edge", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToFloat(bits);
      if (!Number.isNaN(value)) expect(floatToHalf(value)).toBe(bits);
    }
    expect(floatToHalf(1 + 2 ** -11)).toBe(0x3c00);
    expect(floatToHalf(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(floatToHalf(65520)).toBe(0x7c00);
    expect(floatToHalf(2 ** -25)).toBe(0);
    expect(floatToHalf(1.5 * 2 ** -24)).toBe(2);
    expect(Number.isNaN(halfToFloat(floatToHalf(Number.NaN)))).toBe(true);
  });

  test("data must fill the shape and be of the type", () => {
    expect(() => float32([2, 2], [1, 2, 3])).toThrow("[core/tensors] expected 4 elements for shape [2, 2]; received 3");
    expect(() => tensor("int64", [1], Int32Array.of(1))).toThrow(
      "[core/tensors] expected BigInt64Array for int64; received Int32Array",
    );
  });

  test("views of Node buffers at odd offsets", () => {
    const buffer = Buffer.from(new Uint8Array([0, 0, 0, 128, 63]));
    expect(fromBytes("float32", buffer.subarray(1))).toEqual(Float32Array.of(1));
  });

  test("elements as numbers", () => {
    expect(Array.from(toNumbers(int64([2], [3, -4])))).toEqual([3, -4]);
    expect(Array.from(toNumbers(tensor("bfloat16", [1], Uint16Array.of(0x3fc0))))).toEqual([1.5]);
  });
});
