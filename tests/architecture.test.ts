import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "..");

/** Which packages a package may import; tests and lib/testing may import any lib. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  gen: [],
  env: [],
  config: [],
  telemetry: ["env"],
  mesh: ["gen", "telemetry", "env", "config"],
  storage: ["env", "telemetry"],
  reasons: [],
  "risk-model": [],
  ingest: ["config", "risk-model"],
  registry: ["storage", "risk-model"],
  scoring: ["reasons", "registry", "risk-model"],
  testing: [
    "gen",
    "telemetry",
    "env",
    "config",
    "mesh",
    "storage",
    "risk-model",
    "ingest",
    "reasons",
    "registry",
    "scoring",
  ],
  "ml-service": ["gen", "mesh", "telemetry", "env", "config", "reasons", "risk-model", "registry", "scoring"],
  "ops-service": ["gen", "mesh", "telemetry", "env", "config", "storage", "reasons", "risk-model"],
  "scheduler-service": [
    "gen",
    "mesh",
    "telemetry",
    "env",
    "config",
    "storage",
    "ingest",
    "risk-model",
    "registry",
    "scoring",
  ],
  dashboard: ["gen", "reasons"],
  cli: ["gen", "mesh", "env", "config", "reasons", "risk-model", "registry", "ingest", "storage", "scoring"],
};

/** Outside packages that a package, or a folder of a service, must not know. */
const FOREIGN: readonly (readonly [folder: RegExp, forbidden: RegExp])[] = [
  [
    /^services\/lib\/risk-model\/src\//,
    /^(node:(fs|http|net|child_process)|onnxruntime-node|@connectrpc|@grpc|drizzle-orm|bullmq)/,
  ],
  [/^services\/[a-z-]+\/src\/domain\//, /^(@connectrpc|@grpc|drizzle-orm|bullmq|onnxruntime-node|postgres|pg$)/],
];

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const packageOf = (file: string): string => {
  const parts = file.split("/");
  if (parts[0] === "gen") return "gen";
  return (parts[1] === "lib" ? parts[2] : parts[1]) ?? "";
};
/** Tests and the fixtures beside them, which only tests import. */
const isTest = (file: string): boolean =>
  /\.test\.tsx?$|\/[\w-]*fixture[\w-]*\.ts$|\/test\/|\/src\/testing\//.test(file);

const files = globSync(["services/**/*.ts", "services/**/*.tsx"], {
  cwd: ROOT,
  exclude: (name) => /node_modules|dist/.test(name),
});
const imports: Import[] = files.flatMap((file) =>
  [
    ...readFileSync(path.join(ROOT, file), "utf8").matchAll(
      /(?:^(?:import|export)\s+(type\s)?(?:[^"';=(]*?\sfrom\s+)?|\bawait import\()"([^"]+)"/gm,
    ),
  ].map((match) => ({
    file,
    typeOnly: match[1] !== undefined,
    specifier: match[2] ?? "",
  })),
);

test("packages import only what lies below them", () => {
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

test("no relative import leaves its package, and every one names its file", () => {
  const wrong = imports.filter(({ file, specifier }) => {
    if (!/^\.\.?\//.test(specifier)) return false;
    const target = path.posix.join(path.posix.dirname(file), specifier);
    return packageOf(target) !== packageOf(file) || !/\.(tsx?|css|json|wasm)$/.test(specifier);
  });
  expect(wrong).toEqual([]);
});

test("domains and the risk model know no transport, store or runtime", () => {
  const wrong = imports.filter(
    ({ file, specifier, typeOnly }) =>
      !typeOnly &&
      !isTest(file) &&
      FOREIGN.some(([folder, forbidden]) => folder.test(file) && forbidden.test(specifier)),
  );
  expect(wrong).toEqual([]);
});

/** Opens ONNX Runtime with its telemetry off, for which it sets a variable. */
const RUNTIME = "services/lib/scoring/src/onnxruntime.ts";

test("ONNX Runtime is opened in one place, which turns its telemetry off", () => {
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

test("no file is over 500 lines and none re-exports a folder", () => {
  const long = files.filter((file) => readFileSync(path.join(ROOT, file), "utf8").split("\n").length > 500);
  expect(long).toEqual([]);
  expect(files.filter((file) => path.basename(file) === "index.ts")).toEqual([]);
});

/** Packages that a package starts as processes; it imports nothing of them. */
const STARTED: Readonly<Record<string, readonly string[]>> = {
  cli: ["@bellwether/ml-service", "@bellwether/ops-service", "@bellwether/scheduler-service"],
};

test("a package declares what its sources import, and nothing else", () => {
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
