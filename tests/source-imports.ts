import { globSync, readFileSync } from "node:fs";
import path from "node:path";

/** An import of a source file, as it is written. */
export interface Import {
  /** The file that imports, relative to the checkout. */
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** The name of the package that a file under services/ or gen/ belongs to, without its scope. */
export const packageOf = (file: string): string => {
  const parts = file.split("/");
  if (parts[0] === "gen") return "gen";
  return (parts[1] === "lib" ? parts[2] : parts[1]) ?? "";
};

/** Tests, and what they share in the `test` folder of a package. */
export const isTest = (file: string): boolean => /\.test\.tsx?$|\/test\//.test(file);

/** The TypeScript files of all packages under services/, relative to `root`. */
export const sourceFiles = (root: string): string[] =>
  globSync(["services/**/*.ts", "services/**/*.tsx"], {
    cwd: root,
    exclude: (name) => /node_modules|dist/.test(name),
  });

/** Static and dynamic imports of files, with those that only re-export. */
export const readImports = (root: string, files: readonly string[]): Import[] =>
  files.flatMap((file) =>
    [
      ...readFileSync(path.join(root, file), "utf8").matchAll(
        /(?:^(?:import|export)\s+(type\s)?(?:[^"';=(]*?\sfrom\s+)?|\bimport\()"([^"]+)"/gm,
      ),
    ].map((match) => ({ file, typeOnly: match[1] !== undefined, specifier: match[2] ?? "" })),
  );
