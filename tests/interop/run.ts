// `npm run test:interop [-- --nightly]`: runs clients of other projects and languages against the gRPC and
// the web listener, and compares each case with the same expected result. With CI=true a skipped client fails
// the run.
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import { type EchoServer, startEcho } from "@bellwether/testing/echo/start-echo";
import { readCommandLine } from "../../scripts/command-line.ts";
import { browserMissing, openCasesPage } from "./browser/client.ts";
import { runExamples } from "./examples.ts";
import { casesFor, EXPECTED, type Report } from "./expected.ts";
import { runGrpcurl, WITHOUT } from "./grpcurl/client.ts";
import { pythonWith, testOpenInference } from "./open-inference.ts";
import { installPythonClient, testPythonClient } from "./python-client.ts";
import { makePythonEnvironment, pythonOf } from "./python-environment.ts";
import { testTypescriptClient } from "./typescript-client.ts";

const { flags } = readCommandLine({
  command: "npm run test:interop",
  about:
    "Runs clients of other projects and languages against the gRPC and the web listener: Node, Python, Go, grpcurl, Chromium; tritonclient; the tests of clients/python; and the programs of docs/clients.md. A client that this machine cannot run is skipped; with CI=true, a skipped client is a failure.",
  flags: { nightly: "also runs Java, Rust and the KServe SDK; their first build or installation takes minutes" },
  examples: ["", "--nightly"],
  exitCodes: "1 when a client reports another result than expected",
});

const scratch = mkdtempSync(path.join(os.tmpdir(), "bellwether-interop-"));
const here = (file: string): string => new URL(file, import.meta.url).pathname;
const cache = here("../../node_modules/.cache/interop");
/** Time limit of one client with all its cases. */
const CLIENT_TIMEOUT_MS = 120_000;
/** That of the clients of `--nightly`: a JVM that starts on a busy machine takes minutes for the cases. */
const NIGHTLY_TIMEOUT_MS = 900_000;
const run = async (
  command: string,
  args: readonly string[],
  { cwd = here("."), timeoutMs = CLIENT_TIMEOUT_MS } = {},
): Promise<Report[]> => {
  const options = { cwd, maxBuffer: 64 * 1024 * 1024, timeout: timeoutMs };
  const { stdout } = await promisify(execFile)(command, args, options).catch((error: unknown) => {
    const isKilled = error instanceof Error && "killed" in error && error.killed === true;
    throw isKilled ? new Error(`${path.basename(command)} did not end within ${timeoutMs / 1_000} s`) : error;
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
};

/** One client: how it is run, or why it cannot be. */
interface InteropClient {
  readonly name: string;
  readonly bidi: boolean;
  readonly missing?: string | undefined;
  /** Cases that the client cannot report. */
  readonly without?: readonly string[];
  readonly reports: (echo: EchoServer) => Promise<Report[]>;
}

const descriptors = path.join(scratch, "echo.binpb");
execFileSync("buf", ["build", "-o", descriptors], { cwd: here("../..") });

const python = pythonWithGrpc();
const go = buildGo();
const grpcurl = buildGrpcurl();
const browserReason = browserMissing();
const page = browserReason === undefined ? await openCasesPage() : undefined;
const node = (kind: string, bidi: boolean, url: (echo: EchoServer) => string): InteropClient => ({
  name: `node ${kind}`,
  bidi,
  reports: (echo) => run(process.execPath, [here("node/client.ts"), kind, url(echo)]),
});
const grpcAddress = ({ server }: EchoServer): string => `127.0.0.1:${server.addresses.grpc.port}`;
const webAddress = ({ server }: EchoServer): string => `127.0.0.1:${server.addresses.web.port}`;

const CLIENTS: readonly InteropClient[] = [
  {
    name: "python grpcio",
    bidi: true,
    missing: python.missing,
    reports: (echo) => run(python.command, [here("python/client.py"), grpcAddress(echo), descriptors]),
  },
  {
    name: "go grpc-go",
    bidi: true,
    missing: go.missing,
    reports: (echo) => run(go.command, ["grpc", grpcAddress(echo), descriptors]),
  },
  {
    name: "go connect-go",
    bidi: false,
    missing: go.missing,
    reports: (echo) => run(go.command, ["connect", webAddress(echo), descriptors]),
  },
  {
    name: "go grpcurl",
    bidi: true,
    missing: grpcurl.missing,
    without: WITHOUT,
    reports: (echo) => runGrpcurl(grpcurl.command, ["-plaintext", grpcAddress(echo)]),
  },
  {
    name: "node grpc-js",
    bidi: true,
    reports: (echo) => run(process.execPath, [here("node/grpc-js.ts"), grpcAddress(echo)]),
  },
  node("mesh", true, ({ grpcUrl }) => grpcUrl),
  node("connect-grpc", true, ({ grpcUrl }) => grpcUrl),
  node("connect", false, ({ webUrl }) => webUrl),
  node("connect-json", false, ({ webUrl }) => webUrl),
  node("grpc-web", false, ({ webUrl }) => webUrl),
  ...["connect", "json", "grpc-web"].map((kind) => ({
    name: `chromium connect-web ${kind}`,
    bidi: false,
    missing: browserReason,
    reports: async ({ webUrl }: EchoServer) => page?.run(kind, webUrl) ?? [],
  })),
];

/** Clients whose builds take minutes. */
const NIGHTLY: readonly InteropClient[] = flags.nightly ? [javaClient(), rustClient()] : [];

let passed = 0;
let failed = 0;
let skipped = 0;
const echo = await startEcho({
  web: { allowedOrigins: page ? [page.origin] : [], headers: ["Echo-Request", "Echo-Header", "Echo-Trailer"] },
});
for (const client of [...CLIENTS, ...NIGHTLY]) {
  if (client.missing !== undefined) {
    skip(client.name, client.missing);
    continue;
  }
  record(client.name, await failuresOf(client, echo));
}
record("typescript @bellwether/client", await testTypescriptClient(echo));
await echo[Symbol.asyncDispose]();
await page?.[Symbol.asyncDispose]();
const pythonMissing = installPythonClient();
if (pythonMissing === undefined) record("python bellwether-client", await testPythonClient());
else skip("python bellwether-client", pythonMissing);
for (const client of flags.nightly ? (["triton", "kserve"] as const) : (["triton"] as const)) {
  const { command, missing } = pythonWith(client, cache);
  const name = `python ${client === "triton" ? "tritonclient" : "kserve"}`;
  if (missing === undefined) record(name, await testOpenInference(client, command));
  else skip(name, missing);
}
await runExamples(flags.nightly, cache, { record, skip });
rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || (skipped > 0 && process.env.CI === "true") ? 1 : 0);

function skip(name: string, reason: string): void {
  skipped++;
  console.log(`SKIPPED ${name}: ${reason}`);
}

function record(name: string, failures: readonly string[]): void {
  if (failures.length === 0) passed++;
  else failed++;
  console.log(`${failures.length === 0 ? "ok     " : "FAILED "} ${name}`);
  for (const failure of failures) console.log(`          ${failure}`);
}

async function failuresOf(client: InteropClient, echo: EchoServer): Promise<string[]> {
  let reports: Report[];
  try {
    reports = await client.reports(echo);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const cases = casesFor(client.bidi).filter((name) => !client.without?.includes(name));
  return cases.flatMap((name) => {
    const result = reports.find((report) => report.case === name)?.result;
    if (isDeepStrictEqual(result, EXPECTED[name])) return [];
    return [`${name}: got ${JSON.stringify(result)}, expected ${JSON.stringify(EXPECTED[name])}`];
  });
}

/** Returns the path of a Python with grpcio: the machine's own, or that of a virtual environment. */
function pythonWithGrpc(): { readonly command: string; readonly missing?: string | undefined } {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import grpc, google.protobuf"], { stdio: "ignore" });
    return { command: "/usr/bin/python3" };
  } catch {
    const folder = path.join(cache, "grpcio");
    return { command: pythonOf(folder), missing: makePythonEnvironment(folder, here("python/requirements.txt")) };
  }
}

function buildGo(): { readonly command: string; readonly missing?: string } {
  const command = path.join(scratch, "client-go");
  try {
    execFileSync("go", ["build", "-o", command, "."], { cwd: here("go"), stdio: ["ignore", "ignore", "inherit"] });
    return existsSync(command) ? { command } : { command, missing: "go built nothing" };
  } catch {
    return { command, missing: "Go is not installed, or its modules cannot be downloaded" };
  }
}

function buildGrpcurl(): { readonly command: string; readonly missing?: string } {
  const command = path.join(cache, "grpcurl");
  const missing = build("go", ["build", "-o", command, "github.com/fullstorydev/grpcurl/cmd/grpcurl"], "grpcurl", "Go");
  return missing === undefined ? { command } : { command, missing };
}

function javaClient(): InteropClient {
  const target = path.join(cache, "java");
  const missing = build("mvn", ["-q", "-B", "compile", `-Dtarget=${target}`], "java", "a JDK with Maven");
  const classes = [path.join(target, "classes"), path.join(target, "lib", "*")].join(path.delimiter);
  const reports = (echo: EchoServer) =>
    run("java", ["-cp", classes, "bellwether.Client", grpcAddress(echo), descriptors], {
      timeoutMs: NIGHTLY_TIMEOUT_MS,
    });
  return { name: "java grpc-java", bidi: true, missing, reports };
}

/** tonic cancels a call by dropping its future, so no code is left to read a status. */
function rustClient(): InteropClient {
  const target = path.join(cache, "rust");
  const missing = build("cargo", ["build", "-q", "--release", "--target-dir", target], "rust", "Rust with Cargo");
  const reports = (echo: EchoServer) =>
    run(path.join(target, "release", "interop-client"), [grpcAddress(echo)], { timeoutMs: NIGHTLY_TIMEOUT_MS });
  return { name: "rust tonic", bidi: true, missing, without: ["cancel"], reports };
}

/** Builds a client in its folder. Returns the reason when it cannot be built. */
function build(command: string, args: readonly string[], folder: string, needed: string): string | undefined {
  try {
    execFileSync(command, args, { cwd: here(folder), stdio: ["ignore", "ignore", "inherit"] });
    return undefined;
  } catch {
    return `${needed} is not installed, or its packages cannot be downloaded`;
  }
}
