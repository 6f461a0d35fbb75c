import { globSync, readFileSync } from "node:fs";
import path from "node:path";

/** An import as a source file states it. */
export interface Import {
  /** The importing file, relative to the checkout. */
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Returns the name without scope of the package that a file under services/ or gen/ belongs to. */
export const packageOf = (file: string): string => {
  const parts = file.split("/");
  if (parts[0] === "gen") return "gen";
  return (parts[1] === "lib" ? parts[2] : parts[1]) ?? "";
};

/** Whether a file is a test, or is in the `test` folder of a package (what its tests share). */
export const isTest = (file: string): boolean => /\.test\.tsx?$|\/test\//.test(file);

/** Returns the TypeScript files of all packages under services/, as paths relative to `root`. */
export const sourceFiles = (root: string): string[] =>
  globSync(["services/**/*.ts", "services/**/*.tsx"], {
    cwd: root,
    exclude: (name) => /node_modules|dist/.test(name),
  });

/** Returns the static and dynamic imports of files, re-exports included. */
export const readImports = (root: string, files: readonly string[]): Import[] =>
  files.flatMap((file) =>
    [
      ...readFileSync(path.join(root, file), "utf8").matchAll(
        /(?:^(?:import|export)\s+(type\s)?(?:[^"';=(]*?\sfrom\s+)?|\bimport\()"([^"]+)"/gm,
      ),
    ].map((match) => ({ file, typeOnly: match[1] !== undefined, specifier: match[2] ?? "" })),
  );
