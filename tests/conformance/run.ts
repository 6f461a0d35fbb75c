// `npm run test:conformance`: runs Connect's own conformance suite against the gRPC and the web listener,
// with the policies of a service. With CI=true a skip fails the run. `-- --generate` writes generated/ anew
// from the suite's contracts.
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { readCommandLine } from "../../scripts/command-line.ts";
import { EXPECTED_FAILURES } from "./expected-failures.ts";

const SUITE = "connectrpc.com/conformance";
/** The configurations of the suite, each with the listener that it tests. */
const CONFIGURATIONS = { "web-clear": "web", "web-tls": "web", grpc: "grpc" } as const;

interface Verdict {
  readonly total: number;
  /** Number of cases that fail as expected. */
  readonly expected: number;
  readonly failures: readonly string[];
}

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const root = here("../..");
const cache = path.join(root, "node_modules/.cache/conformance");
const runner = path.join(cache, "connectconformance");
const go = (...args: string[]): string => execFileSync("go", args, { cwd: here("."), encoding: "utf8" }).trim();

const { flags, names } = readCommandLine({
  command: "npm run test:conformance",
  about:
    "Runs Connect's own conformance suite against the gRPC and the web listener, with the policies of a service. It needs Go, and builds the suite the first time.",
  flags: { generate: "generates the folder generated/ again from the contracts of the suite, and runs no test" },
  names: {
    "web-clear": "the web listener without TLS",
    "web-tls": "the web listener with TLS",
    grpc: "the gRPC listener, without and with TLS",
  } satisfies Record<keyof typeof CONFIGURATIONS, string>,
  examples: ["", "grpc", "--generate"],
  exitCodes: "1 when a case fails that is not expected to fail",
});

const missing = buildRunner();
if (missing !== undefined) {
  console.log(`SKIPPED conformance: ${missing}`);
  process.exit(process.env.CI === "true" ? 1 : 0);
}
if (flags.generate) {
  rmSync(here("generated"), { recursive: true, force: true });
  cpSync(generate(), here("generated"), { recursive: true });
  process.exit(0);
}

let passed = 0;
let expected = 0;
const failures = staleContracts();
for (const [configuration, listener] of Object.entries(CONFIGURATIONS)) {
  if (names.length > 0 && !names.includes(configuration)) continue;
  const verdict = judge(configuration, await runSuite(configuration, listener));
  console.log(
    `${verdict.failures.length === 0 ? "ok     " : "FAILED "} ${configuration}: ${verdict.total} cases, ${verdict.expected} fail as expected`,
  );
  passed += verdict.total - verdict.expected - verdict.failures.length;
  expected += verdict.expected;
  failures.push(...verdict.failures);
}
for (const failure of failures) console.log(failure);
console.log(`${passed} passed, ${failures.length} failed, ${expected} expected failures`);
process.exit(failures.length > 0 ? 1 : 0);

/** Builds the suite's runner once. Returns the reason when it cannot be built. */
function buildRunner(): string | undefined {
  try {
    mkdirSync(cache, { recursive: true });
    go("build", "-o", runner, `${SUITE}/cmd/connectconformance`);
    return undefined;
  } catch {
    return "Go is not installed, or the suite's modules cannot be downloaded";
  }
}

/** Generates the code of the suite's contracts into a new folder and returns its path. */
function generate(): string {
  const contracts = path.join(go("list", "-m", "-f", "{{.Dir}}", SUITE), "proto");
  const out = mkdtempSync(path.join(os.tmpdir(), "bellwether-conformance-"));
  const opt = ["target=ts", "import_extension=ts", "erasable_syntax=true"];
  const template = JSON.stringify({ version: "v2", plugins: [{ local: "protoc-gen-es", out, opt }] });
  const files = ["config", "service", "server_compat"].flatMap((name) => [
    "--path",
    path.join(contracts, `connectrpc/conformance/v1/${name}.proto`),
  ]);
  execFileSync("buf", ["generate", "--template", template, contracts, ...files], { cwd: root });
  return out;
}

function staleContracts(): string[] {
  try {
    execFileSync("diff", ["-r", generate(), here("generated")]);
    return [];
  } catch {
    return ["generated/ differs from what the suite's contracts generate: run with --generate"];
  }
}

/**
 * Returns the runner's report. The runner's exit code is ignored: `judge` decides which failed cases are
 * expected.
 */
async function runSuite(configuration: string, listener: string): Promise<string> {
  const server = [process.execPath, here("server.ts"), listener];
  const args = ["--conf", here(`${configuration}.yaml`), "--mode", "server", "--max-servers", "1", "--", ...server];
  const done = promisify(execFile)(runner, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const { stdout } = await done.catch((failed: { stdout: string }) => failed);
  return stdout;
}

function judge(configuration: string, report: string): Verdict {
  const total = Number(/^Total cases: (\d+)$/m.exec(report)?.[1] ?? 0);
  const entries = EXPECTED_FAILURES[configuration] ?? [];
  const needed = new Set<unknown>();
  const failures = total > 0 ? [] : [`${configuration}: the runner ran no case\n${report}`];
  let expected = 0;
  for (const [, name = "", text = ""] of report.matchAll(/^FAILED: (.+):\n((?:\t.*\n)+)/gm)) {
    const complaints = text
      .split("\n")
      .map((line) => line.replace(/^\t(; )?/, ""))
      .filter(Boolean);
    const entry = entries.find(
      ({ cases, complaints: allowed }) => cases.test(name) && complaints.every((c) => allowed.test(c)),
    );
    if (entry) expected++;
    else failures.push(`${configuration}: ${name}: ${complaints.join("; ")}`);
    needed.add(entry);
  }
  const stale = entries
    .filter((entry) => !needed.has(entry))
    .map(({ cases }) => `${configuration}: no case that matches ${cases} fails as expected`);
  return { total, expected, failures: [...failures, ...stale] };
}
