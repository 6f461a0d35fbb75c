import { globSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readPackageExports } from "../scripts/package-exports.ts";
import { isTest, packageOf, readImports, sourceFiles } from "./source-imports.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const files = sourceFiles(ROOT);

test("the exports of each package are exactly the files that others import (npm run exports writes them)", () => {
  const lines = (own: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): string[] =>
    Object.keys(own)
      .filter((key) => own[key] !== other[key])
      .map((key) => `"${key}": "${own[key]}"`);
  const wrong = readPackageExports(ROOT).flatMap(({ file, declared, imported }) => [
    ...lines(imported, declared).map((line) => `${file}: add ${line}`),
    ...lines(declared, imported).map((line) => `${file}: remove ${line}`),
  ]);
  expect(wrong).toEqual([]);
});

test("tests, benchmarks and scripts import sources of packages only through exports", () => {
  const outside = globSync("{tests,bench,scripts}/**/*.ts", {
    cwd: ROOT,
    exclude: (name) => /node_modules/.test(name),
  });
  const wrong = readImports(ROOT, outside).filter(
    ({ file, specifier }) =>
      specifier.startsWith(".") &&
      /^services\/(lib\/)?[^/]+\/src\//.test(path.posix.join(path.posix.dirname(file), specifier)),
  );
  expect(wrong).toEqual([]);
});

test("a package imports its own files by relative paths", () => {
  const wrong = readImports(ROOT, files).filter(({ file, specifier }) =>
    specifier.startsWith(`@bellwether/${packageOf(file)}/`),
  );
  expect(wrong).toEqual([]);
});

/**
 * The folders and entry points that each folder or entry point of a service may import, the same for each
 * service. `store`, `model` and `clients` implement types that `domain` declares; only `service.ts` and
 * `setup` import both sides.
 */
const SERVICE_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["service-env.ts"],
  "service-env.ts": ["service.ts", "setup", "audit"],
  "service.ts": [
    ...[
      "access.ts",
      "audit.ts",
      "delegations.ts",
      "alert-reads.ts",
      "notices.ts",
      "outcomes.ts",
      "retrains.ts",
      "weekly-model.ts",
      "rpc",
      "jobs",
      "setup",
      "audit",
      "shadow",
      "store",
      "model",
      "clients",
      "domain",
    ],
    "exports",
    "rules.ts",
    "watchlists.ts",
    "merges.ts",
  ],
  "watchlists.ts": ["rpc", "store", "domain"],
  "merges.ts": ["rpc", "store", "domain"],
  "rules.ts": ["rpc", "backtest", "setup", "store", "domain"],
  performance: ["threads", "store", "domain"],
  backtest: ["threads", "store", "domain"],
  threads: ["domain"],
  exports: ["jobs", "setup", "store", "clients", "domain"],
  "audit.ts": ["rpc", "jobs", "setup", "store", "domain"],
  "delegations.ts": ["rpc", "store", "domain"],
  "alert-reads.ts": ["rpc", "store", "domain"],
  "access.ts": ["rpc", "jobs", "setup", "store", "clients", "domain"],
  "weekly-model.ts": ["jobs", "setup", "store", "clients", "domain"],
  "retrains.ts": ["jobs", "setup", "store", "clients", "domain"],
  "outcomes.ts": ["rpc", "jobs", "performance", "setup", "store", "clients", "domain"],
  "notices.ts": ["rpc", "jobs", "store", "clients", "domain"],
  once: ["setup", "clients", "domain"],
  setup: ["store", "clients", "domain"],
  rpc: ["jobs", "domain", "type audit", "type model", "type shadow"],
  shadow: ["domain"],
  jobs: ["domain"],
  audit: ["clients", "domain"],
  store: ["domain"],
  model: ["domain"],
  clients: ["domain"],
  domain: [],
};

/**
 * Folders of the other packages, from top to bottom: each may import the folders after it. Packages without
 * folders are not listed.
 */
const FOLDER_ORDER: Readonly<Record<string, readonly string[]>> = {
  cli: [
    "commands",
    "launch",
    "init",
    "weekly",
    "models",
    "notices",
    "audit",
    "alerts",
    "watchlists",
    "suppliers",
    "outcomes",
    "performance",
    "changes",
    "remote",
    "data",
    "output",
    "input",
    "context",
    "errors",
  ],
  dashboard: [
    ...["pages", "frame", "search", "inbox", "notices", "performance", "models", "rules", "audit"],
    ...["settings", "watchlists", "week", "what-if", "change", "merging"],
    ...["plots", "parts"],
    ...["export", "session", "routing", "rpc"],
  ],
  scoring: [
    "promotion",
    "training",
    "comparison",
    "publish",
    "batch",
    "counterfactual",
    "change",
    "score",
    "model",
    "runtime",
  ],
  registry: ["publish", "versions", "aliases", "storage", "keys", "files"],
  ingest: [
    "child",
    "outcomes",
    "training",
    "snapshot",
    "tables",
    "mapping",
    "sources",
    "csv",
    "parquet",
    "duckdb",
    "files",
  ],
  narrative: [...["env", "mistral", "proto", "generate", "check", "render", "claims", "answer", "template", "facts"]],
  drift: ["words", "compare", "quality", "significance", "profile"],
  "model-import": ["result", "checks", "rows", "source"],
  "risk-model": [
    ...["scorecard", "promotion", "training", "importance", "counterfactual", "trainer", "calibrate", "evaluate"],
    ...["features", "text", "bundle", "tables"],
  ],
  "tree-model": ["onnx", "search", "shap", "trees"],
  postgres: ["watch", "embedded", "drizzle", "pool"],
  mesh: ["server", "policies", "grpc", "rest", "web", "reference", "client", "auth", "listener", "call", "errors"],
  contract: ["flat-json", "audit", "erasure"],
  "object-store": ["calls", "backends", "location"],
  "event-sinks": ["kafka"],
  testing: ["echo", "http2", "kafka", "stores"],
};

/**
 * Returns the folder of a file directly below `src`, or the file's name when it is in no folder; undefined
 * outside `src`.
 */
const entryOf = (file: string): string | undefined => /^services\/(?:lib\/)?[^/]+\/src\/([^/]+)/.exec(file)?.[1];

const crossings = readImports(ROOT, files)
  .filter(({ file, specifier }) => specifier.startsWith(".") && !isTest(file))
  .map(({ file, specifier, typeOnly }) => {
    const target = path.posix.join(path.posix.dirname(file), specifier);
    return { file, specifier, typeOnly, from: entryOf(file), to: entryOf(target) };
  })
  .filter(({ from, to }) => from !== to);

test("folders of a service import only folders that they may import", () => {
  const wrong = crossings
    .filter(({ file }) => /^services\/[a-z]+-service\//.test(file))
    .filter(({ from = "", to = "", typeOnly }) => {
      const allowed = SERVICE_FOLDERS[from] ?? [];
      return !allowed.includes(to) && !(typeOnly && allowed.includes(`type ${to}`));
    });
  expect(wrong).toEqual([]);
});

test("folders of the other packages import only folders after them in the order", () => {
  const folders = new Map<string, Set<string>>();
  for (const file of files) {
    const entry = entryOf(file);
    if (entry === undefined || entry.includes(".") || packageOf(file).endsWith("-service")) continue;
    folders.set(packageOf(file), (folders.get(packageOf(file)) ?? new Set()).add(entry));
  }
  for (const [name, found] of folders)
    expect([name, ...(FOLDER_ORDER[name] ?? [])].sort()).toEqual([name, ...found].sort());
  const wrong = crossings.filter(({ file, from = "", to = "" }) => {
    const order = FOLDER_ORDER[packageOf(file)] ?? [];
    return order.includes(from) && order.includes(to) && order.indexOf(to) < order.indexOf(from);
  });
  expect(wrong).toEqual([]);
});
