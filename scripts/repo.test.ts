import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { program, ROOT, typeErrors } from "./new/type-check.ts";

/** Which packages of the foundation each package may import; those not named here are plugins. */
const LAYERS: Readonly<Record<string, readonly string[] | "any">> = {
  core: [],
  graph: ["core"],
  runtime: ["core", "graph"],
  "graft-ml": "any",
};
const PLUGINS_MAY_IMPORT = ["core", "graph", "runtime"];

/** Source files over 300 lines, each with its reason. */
const LONG: Readonly<Record<string, string>> = {
  "packages/core/src/types.ts": "all contracts in one file, read from top to bottom",
  "packages/graph/src/operators/index.ts": "the barrel of operators, two lines each",
};

/** Tools that tests take from the repository's root. */
const ROOT_TOOLS = ["vitest", "typescript"];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly private?: boolean;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly publishConfig?: { readonly access?: string; readonly exports?: Readonly<Record<string, unknown>> };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const packages = foldersOf("packages");
const workspaces = [...packages.map((name) => `packages/${name}`), ...foldersOf("apps").map((name) => `apps/${name}`)];
const manifests = new Map(workspaces.map((folder) => [folder, JSON.parse(read(`${folder}/package.json`)) as Manifest]));
const sources = workspaces.flatMap((folder) => walk(`${folder}/src`).filter((file) => /\.tsx?$/.test(file)));
const pages = [...walk("docs"), ...workspaces.flatMap((folder) => topFiles(folder)), ...topFiles(".")].filter((file) =>
  file.endsWith(".md"),
);

describe.each(packages)("packages/%s", (name) => {
  const folder = `packages/${name}`;
  const manifest = manifests.get(folder)!;

  it("says what it is", () => {
    expect(existsSync(join(ROOT, folder, "README.md")), "README.md").toBe(true);
    expect(manifest).toMatchObject({
      type: "module",
      sideEffects: false,
      engines: { node: ">=20.20" },
      publishConfig: { access: "public" },
    });
    expect(manifest.name).toBe(name === "graft-ml" ? name : `@graft-ml/${name}`);
    expect(manifest.description, "description").toMatch(/^[A-Z].+\.$/);
    expect(manifest.license, "license").toMatch(/^(MIT|Apache-2\.0)$/);
    expect(manifest.files, "files").toContain("dist");
    expect(manifest.version, "one version for all").toBe(manifests.get("packages/core")!.version);
  });

  it("exports its sources here and its build to others", () => {
    const entries = Object.keys(manifest.exports ?? {}).filter((entry) => typeof manifest.exports![entry] === "object");
    expect(entries).toContain(".");
    for (const entry of entries) {
      const file = entry === "." ? "index" : entry.slice(2);
      const built = { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` };
      expect(manifest.exports![entry]).toEqual({ "@graft-ml/source": `./src/${file}.ts`, ...built });
      expect(Object.keys(manifest.exports![entry] as object)[0], "the condition that wins comes first").toBe(
        "@graft-ml/source",
      );
      expect(manifest.publishConfig!.exports![entry]).toEqual(built);
      expect(existsSync(join(ROOT, folder, `src/${file}.ts`)), `src/${file}.ts`).toBe(true);
    }
    expect(Object.keys(manifest.publishConfig!.exports!)).toEqual(Object.keys(manifest.exports!));
    expect(manifest.exports!["./package.json"]).toBe("./package.json");
  });

  it("depends on the foundation only", () => {
    const allowed = LAYERS[name] ?? (name.startsWith("weights-") ? [] : PLUGINS_MAY_IMPORT);
    if (allowed === "any") return;
    const local = (record: Readonly<Record<string, string>> = {}): string[] =>
      Object.keys(record).filter((each) => each === "graft-ml" || each.startsWith("@graft-ml/"));
    const short = (each: string): string => each.replace("@graft-ml/", "");
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta, devDependencies } = manifest;
    expect(
      [...local(dependencies), ...local(optionalDependencies)].map(short).filter((each) => !allowed.includes(each)),
    ).toEqual([]);
    const weights = local(peerDependencies).filter((each) => short(each).startsWith("weights-"));
    expect(local(peerDependencies), "only weights are peers").toEqual(weights);
    expect(weights.filter((each) => name !== "backbones" || peerDependenciesMeta?.[each]?.optional !== true)).toEqual(
      [],
    );
    const tools = local(devDependencies).map(short);
    expect(
      tools.filter((each) => each !== "testing" && !each.startsWith("weights-") && !allowed.includes(each)),
    ).toEqual([]);
  });
});

describe.each(workspaces)("%s", (folder) => {
  const manifest = manifests.get(folder)!;
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, devDependencies = {} } = manifest;

  it("takes versions from the catalog and the workspace", () => {
    const own = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies });
    expect(own.filter(([, version]) => !/^(catalog:|workspace:)/.test(version))).toEqual([]);
    // A peer states a range for users; one of the workspace follows it.
    const peers = Object.entries(peerDependencies);
    expect(
      peers.filter(([name, version]) =>
        name.startsWith("@graft-ml/") ? version !== "workspace:^" : !/^(catalog:|\^\d)/.test(version),
      ),
    ).toEqual([]);
  });

  it("imports what it declares, and nothing of its neighbours' files", () => {
    const shipped = new Set([
      manifest.name,
      ...Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
    ]);
    const tests = new Set([...shipped, ...Object.keys(devDependencies), ...ROOT_TOOLS]);
    // An app is bundled whole or private: what it needs to be built may be a development dependency.
    const wrong = sources
      .filter((file) => file.startsWith(`${folder}/`))
      .flatMap((file) =>
        importsOf(file)
          .filter((specifier) => {
            if (specifier.startsWith("node:")) return false;
            if (specifier.startsWith("."))
              return relative(join(ROOT, folder), resolve(ROOT, dirname(file), specifier)).startsWith("..");
            return !(isTest(file) || manifest.private ? tests : shipped).has(packageOf(specifier));
          })
          .map((specifier) => `${file} imports ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });
});

describe("source files", () => {
  it("have names that say what is inside", () => {
    const vague = sources.filter(
      (file) =>
        /^(utils?|helpers?|common|misc)\b/.test(basename(file)) || /\/(utils?|helpers?|common|misc)\//.test(file),
    );
    expect(vague).toEqual([]);
    expect(sources.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.tsx?$/.test(basename(file)))).toEqual([]);
  });

  it("fit a reader's head: 300 lines, or a reason", () => {
    const long = sources.filter((file) => !isTest(file) && lines(file) > 300);
    expect(long.filter((file) => LONG[file] === undefined).map((file) => `${file}: ${lines(file)} lines`)).toEqual([]);
    expect(
      Object.keys(LONG).filter((file) => !long.includes(file)),
      "reasons that are no longer needed",
    ).toEqual([]);
  });

  it("document every public export", () => {
    const entries = packages.flatMap((name) =>
      Object.keys(manifests.get(`packages/${name}`)!.exports!)
        .map((entry) => join(ROOT, `packages/${name}/src/${entry === "." ? "index" : entry.slice(2)}.ts`))
        .filter(existsSync),
    );
    const made = program(entries);
    const checker = made.getTypeChecker();
    const undocumented = (module: ts.Symbol, prefix: string): string[] =>
      checker.getExportsOfModule(module).flatMap((symbol) => {
        const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
        // A barrel exported under one name is documented by what it holds.
        if (target.flags & ts.SymbolFlags.ValueModule) return undocumented(target, `${prefix}${symbol.name}.`);
        return target.getDocumentationComment(checker).length === 0 ? [`${prefix}${symbol.name}`] : [];
      });
    const bare = entries.flatMap((entry) =>
      undocumented(checker.getSymbolAtLocation(made.getSourceFile(entry)!)!, `${relative(ROOT, entry)}: `),
    );
    expect(bare).toEqual([]);
  });
});

describe("pages", () => {
  it("link to files that exist", () => {
    const broken = pages.flatMap((page) => {
      const prose = read(page)
        .replace(/^```.*?^```/gms, "")
        .replace(/`[^`\n]*`/g, "");
      return [...prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(resolve(ROOT, dirname(page), decodeURI(target))))
        .map((target) => `${page} links to ${target}`);
    });
    expect(broken).toEqual([]);
  });

  it("show TypeScript that type-checks", () => {
    const blocks = Object.fromEntries(
      pages.flatMap((page) =>
        [...read(page).matchAll(/^```ts\n(.*?)^```/gms)].map(([, code], i) => {
          // Where a reader's own project would be: beside packages that can be imported.
          const own = page.startsWith("packages/") || page.startsWith("apps/") ? dirname(page) : undefined;
          const home = own ?? (/from "graft-ml"/.test(code!) ? "packages/graft-ml" : "packages/heads");
          const name = `${page.replaceAll("/", "-")}.block-${i + 1}.ts`;
          return [join(ROOT, home, name), `${code}\nexport {};\n`];
        }),
      ),
    );
    expect(typeErrors([], blocks)).toEqual([]);
  });

  it("would not pass if they did not", () => {
    const wrong = {
      [join(ROOT, "packages/heads/block.ts")]: 'import { fail } from "@graft-ml/core";\nfail(1);\nexport {};\n',
    };
    expect(typeErrors([], wrong)[0]).toMatch(/^packages\/heads\/block.ts:2: Expected 2-3 arguments/);
  });
});

function foldersOf(parent: string): string[] {
  return readdirSync(join(ROOT, parent)).filter((name) => existsSync(join(ROOT, parent, name, "package.json")));
}

/** Files below a folder, relative to the root; build outputs and hidden folders are not ours to judge. */
function walk(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || entry.name === "node_modules" || entry.name === "dist") return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? walk(path) : [path];
  });
}

function topFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .map((name) => (folder === "." ? name : `${folder}/${name}`))
    .filter((path) => statSync(join(ROOT, path)).isFile());
}

function importsOf(file: string): string[] {
  return ts.preProcessFile(read(file), true, true).importedFiles.map(({ fileName }) => fileName);
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isTest(file: string): boolean {
  return /\.(test|test-d|fixture|cases)\.tsx?$/.test(file);
}

function lines(file: string): number {
  return read(file).split("\n").length - 1;
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}
