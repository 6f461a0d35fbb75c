import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";

/** The public surface of a package: `exports` in its package.json, sorted by path. */
export interface PackageExports {
  /** Path of the package's package.json, relative to the checkout. */
  readonly file: string;
  /** The "exports" that package.json declares. */
  readonly declared: Readonly<Record<string, string>>;
  /** What other packages, services, tests and benchmarks import: `./PATH` to `./src/PATH.ts`. */
  readonly imported: Readonly<Record<string, string>>;
}

const SOURCES = "{services,tests,bench,scripts}/**/*.{ts,tsx,js,mjs}";
const SPECIFIER = /(?:\bfrom|\bimport|\bimport\(|\bresolve\()\s*["'`]@bellwether\/([^"'`/]+)(?:\/([^"'`]+))?["'`]/g;
const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm;

/**
 * Compares `exports` of each package under services/ with what is imported from outside of it.
 * The generated package has no list: all of the contract is public.
 * @param root Absolute path of the checkout.
 * @throws {Error} when an imported path has no source file.
 */
export function readPackageExports(root: string): PackageExports[] {
  const files = globSync(SOURCES, { cwd: root, exclude: (name) => /node_modules|dist/.test(name) });
  const packages = globSync("services/{*,lib/*}/package.json", { cwd: root }).sort();
  const folders = new Map(packages.map((file) => [path.basename(path.dirname(file)), path.dirname(file)]));
  const imported = new Map([...folders.keys()].map((name) => [name, new Set<string>()]));
  for (const file of files) {
    const text = readFileSync(path.join(root, file), "utf8").replace(COMMENT, "");
    for (const [, name = "", rest = ""] of text.matchAll(SPECIFIER))
      for (const target of packagesNamed(name, folders))
        if (!file.startsWith(`${folders.get(target)}/`)) imported.get(target)?.add(rest);
  }
  return packages.map((file) => {
    const folder = path.dirname(file);
    const paths = [...(imported.get(path.basename(folder)) ?? [])].sort();
    return {
      file,
      declared: JSON.parse(readFileSync(path.join(root, file), "utf8")).exports ?? {},
      imported: Object.fromEntries(paths.map((one) => [`./${one}`, sourceOf(root, folder, one)])),
    };
  });
}

/** A name with a placeholder (`@bellwether/${name}/main`) is one of the services that run as processes. */
const packagesNamed = (name: string, folders: ReadonlyMap<string, string>): string[] =>
  name.includes("${") ? [...folders.keys()].filter((one) => one.endsWith("-service")) : [name];

function sourceOf(root: string, folder: string, one: string): string {
  const source = [`src/${one}.ts`, `src/${one}.tsx`].find((file) => existsSync(path.join(root, folder, file)));
  if (source === undefined) throw new Error(`${folder} has no src/${one}.ts, which is imported from outside of it`);
  return `./${source}`;
}
