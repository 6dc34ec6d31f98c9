import { type Adapter, type Factory, type PlainOptions, seededRandom } from "@graft-ml/core";
import {
  attached,
  feeds,
  hasOwnParameters,
  keepsTheBase,
  MERGING,
  merges,
  outputsOf,
  survivesAFile,
  trains,
} from "./adapter/adapter-rules.ts";
import { type Grouped, tinyTransformer } from "./adapter/tiny-transformer.ts";
import { type Check, listChecks, type Skip } from "./check.ts";
import { holds, isName, isOneLine, isSame, refuses } from "./expectations.ts";
import { tinyBackbone } from "./freezing/tiny-backbone.ts";
import { defaultEngine, type OpenEngine } from "./run-once.ts";

/** How an adapter is checked. */
export interface AdapterCheckOptions {
  /** The name that the adapter must have; a plugin's is its file's. */
  readonly name?: string;
  /** Options for all checks but those of options. Default: none. */
  readonly options?: PlainOptions;
  /** Options that must be accepted, and attach something to a transformer. */
  readonly validOptions?: readonly PlainOptions[];
  /** Options that must be refused with an error that names the adapter. */
  readonly invalidOptions?: readonly PlainOptions[];
  /** Options whose pattern matches no layer; attaching must be refused with names that are near. */
  readonly unmatched?: readonly PlainOptions[];
  /** Graphs that it is put into. Default: a small transformer and a small convolutional network. */
  readonly graphs?: Readonly<Record<string, Grouped>>;
  readonly skip?: readonly Skip[];
  /** Default: ONNX Runtime. */
  readonly engine?: OpenEngine;
}

/** The checks that every adapter passes, for any test runner. */
export function checkAdapter(factory: Factory<Adapter>, options: AdapterCheckOptions = {}): Check[] {
  const { validOptions = [], invalidOptions = [], unmatched = [], engine = defaultEngine } = options;
  const make = (chosen = options.options): Adapter => (chosen === undefined ? factory() : factory(chosen));
  const where = (): string => `freezing/${options.name ?? make().name}`;
  const graphs = options.graphs ?? { "a transformer": tinyTransformer(), "a convolutional network": tinyBackbone() };
  const everywhere = async (check: (grouped: Grouped) => void | Promise<void>): Promise<void> => {
    for (const grouped of Object.values(graphs)) await check(grouped);
  };

  return listChecks(
    {
      "name is kebab-case and the expected one": () => isName(make().name, options.name),
      "summary is one line": () => isOneLine("the summary", make().summary),
      "options that it knows are accepted": () => {
        const [grouped] = Object.values(graphs);
        for (const chosen of validOptions) hasOwnParameters(grouped!, attached(make(chosen), grouped!));
      },
      "options that it does not know are refused by name": () => {
        const message = refuses("an unknown option", where(), () => make({ "kit-unknown": 1 }));
        holds(
          message.includes('unknown option "kit-unknown";'),
          () => `expected 'unknown option "kit-unknown"; known: ...'; received "${message}"`,
        );
      },
      "wrong values of options are refused": () => {
        for (const chosen of invalidOptions) refuses(JSON.stringify(chosen), where(), () => make(chosen));
      },
      "a pattern that matches nothing is refused with names that are near": () => {
        const [grouped] = Object.values(graphs);
        const names = [...grouped!.graph.initializers.keys()];
        for (const chosen of unmatched) {
          const message = refuses(JSON.stringify(chosen), where(), () => attached(make(chosen), grouped!));
          const near = names.some((name) => message.includes(`"${name}"`));
          holds(near, () => `expected the error to name kernels of the graph; received "${message}"`);
        }
      },
      "parameters are its own, named adapter.*": () =>
        everywhere((grouped) => hasOwnParameters(grouped, attached(make(), grouped))),
      "everything of the base stays as it was": () =>
        everywhere((grouped) => keepsTheBase(grouped, attached(make(), grouped))),
      "the same seed gives the same first values, whatever else is drawn": () =>
        everywhere(({ graph, groups }) => {
          const values = [1, 2].map(() => {
            const { graph: made, parameters } = make().attach(graph, groups, seededRandom("testing/adapter"));
            return Object.fromEntries(parameters.map((name) => [name, made.initializers.get(name)!]));
          });
          isSame("first values", values[1]!, values[0]!);
        }),
      "it starts as it was: the adapted graph computes what the base does": () =>
        everywhere(async (grouped) => {
          const open = await engine();
          const expected = await outputsOf(open, grouped.graph, feeds(grouped));
          const found = await outputsOf(open, attached(make(), grouped).graph, feeds(grouped));
          isNearby(found, expected);
        }),
      "layers of other groups stay as they were": () =>
        everywhere((grouped) => {
          const last = { ...grouped, groups: grouped.groups.slice(-1) };
          const below = grouped.groups.at(-2)!.boundary;
          const { graph, parameters } = attached(make(), last);
          const reached = new Set(parameters);
          for (const node of graph.nodes)
            if (node.inputs.some((name) => reached.has(name))) for (const name of node.outputs) reached.add(name);
          holds(
            !reached.has(below),
            () => `expected "${below}", below the group, not to depend on the adapter; it does`,
          );
          const [output] = grouped.graph.outputs;
          holds(reached.has(output!.name), () => `expected "${output!.name}" to depend on the adapter; it does not`);
        }),
      "gradients reach every parameter, and the loss falls": () =>
        everywhere(async (grouped) => trains(await engine(), grouped, attached(make(), grouped))),
      "merged computes what un-merged does, and unmerged what the base does": () =>
        everywhere(async (grouped) => merges(await engine(), make(), grouped)),
      "an ONNX file of the adapted graph computes the same": () =>
        everywhere(async (grouped) => survivesAFile(await engine(), grouped, attached(make(), grouped))),
    },
    options.skip,
  );
}

function isNearby(found: readonly number[], expected: readonly number[]): void {
  const worst = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
  holds(
    found.length === expected.length && worst <= MERGING,
    () => `expected the outputs within ${MERGING} of the base's; they differ by ${worst}`,
  );
}
