// Type-checks a project's files with the TypeScript compiler in a process of its own, without running any of them.

import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export interface TypeMistake {
  /** Relative to the project. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** TypeScript's own code, e.g. `TS2345`. */
  readonly code: string;
  readonly message: string;
}

export interface TypeCheckOptions {
  readonly projectFolder: string;
  /** Relative to the project. */
  readonly files: readonly string[];
  /** The project's own tsconfig.json, when it has one. */
  readonly projectConfig: string | null;
  /** Where the package's types are: a file for `pentad`. */
  readonly packageTypes: string;
  /** Where the configuration of this check may be written. */
  readonly folder: string;
}

/** The mistakes in the project's own files, in the order of the compiler. Mistakes elsewhere are nobody's business here. */
export async function typeCheck(options: TypeCheckOptions): Promise<TypeMistake[]> {
  await mkdir(options.folder, { recursive: true });
  const config = join(options.folder, "tsconfig.check.json");
  await writeFile(config, JSON.stringify(configuration(options, dirname(config))));
  const compiler = join(dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))), "bin", "tsc");
  const output = await run(
    process.execPath,
    [compiler, "--project", config, "--pretty", "false"],
    options.projectFolder,
  );
  return mistakesOf(output, options.projectFolder);
}

function configuration(
  { projectFolder, files, projectConfig, packageTypes }: TypeCheckOptions,
  folder: string,
): object {
  const base = {
    target: "es2024",
    module: "nodenext",
    moduleResolution: "nodenext",
    strict: true,
    skipLibCheck: true,
  };
  return {
    ...(projectConfig === null ? {} : { extends: relativePath(folder, projectConfig) }),
    compilerOptions: {
      ...(projectConfig === null ? base : {}),
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      incremental: false,
      composite: false,
      skipLibCheck: true,
      paths: { pentad: [relativePath(folder, packageTypes)] },
      // What the runtime offers (fetch, process, node:fs) is known even where the project installed nothing.
      typeRoots: [join(projectFolder, "node_modules", "@types"), nodeTypesFolder()],
      types: ["node"],
    },
    files: files.map((file) => relativePath(folder, resolve(projectFolder, file))),
    include: [],
  };
}

function nodeTypesFolder(): string {
  return dirname(dirname(fileURLToPath(import.meta.resolve("@types/node/package.json"))));
}

function relativePath(from: string, to: string): string {
  const path = relative(from, to);
  return path.startsWith(".") ? path : `./${path}`;
}

function run(command: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolveOutput, reject) => {
    const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    child.stderr.resume();
    child.on("error", reject);
    child.on("close", () => resolveOutput(output));
  });
}

/** Lines such as `data/weather.ts(5,3): error TS1005: ',' expected.`; indented lines continue the message before. */
export function mistakesOf(output: string, projectFolder: string): TypeMistake[] {
  const mistakes: TypeMistake[] = [];
  let open = false;
  for (const line of output.split(/\r?\n/)) {
    const match = /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/.exec(line);
    if (match !== null) {
      const file = relative(projectFolder, resolve(projectFolder, match[1] as string));
      open = !file.startsWith("..") && !file.includes("node_modules/");
      if (open)
        mistakes.push({
          file,
          line: Number(match[2]),
          column: Number(match[3]),
          code: match[4] as string,
          message: match[5] as string,
        });
    } else if (open && /^\s+\S/.test(line)) {
      const last = mistakes.pop() as TypeMistake;
      mistakes.push({ ...last, message: `${last.message} ${line.trim()}` });
    }
  }
  return mistakes;
}
