import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The repository's root. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** Text for files that exist only while a program is made. */
export type VirtualFiles = Readonly<Record<string, string>>;

/** One TypeScript program with the repository's settings; declarations are the build's affair. */
export function program(files: readonly string[], virtual: VirtualFiles = {}): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, declaration: false, isolatedDeclarations: false },
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => file in virtual || fileExists(file);
  host.readFile = (file) => virtual[file] ?? readFile(file);
  host.getSourceFile = (file, target, ...rest) =>
    file in virtual ? ts.createSourceFile(file, virtual[file]!, target) : getSourceFile(file, target, ...rest);
  return ts.createProgram([...files, ...Object.keys(virtual)], options, host);
}

/** What the compiler says of these files, one line each. */
export function typeErrors(files: readonly string[], virtual: VirtualFiles = {}): string[] {
  const made = program(files, virtual);
  return [...files, ...Object.keys(virtual)].flatMap((file) => {
    const source = made.getSourceFile(file);
    if (source === undefined) return [`${file}: not found`];
    return [...made.getSyntacticDiagnostics(source), ...made.getSemanticDiagnostics(source)].map(
      ({ messageText, start = 0 }) => {
        const line = source.getLineAndCharacterOfPosition(start).line + 1;
        return `${file.replace(ROOT, "")}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
      },
    );
  });
}
