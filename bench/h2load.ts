import { execFile, execFileSync } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { promisify } from "node:util";

/** Parameters of one run of the load generator. */
export interface LoadOptions {
  readonly url: string;
  /** Headers, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** File that contains the body of every request. */
  readonly bodyFile: string;
  /** Path of a temporary file, which must differ between simultaneous runs. Default: beside `bodyFile`. */
  readonly logFile?: string;
  readonly connections: number;
  /** Number of requests in progress on each connection. */
  readonly streams: number;
  readonly seconds: number;
  /** Warm-up in seconds, whose calls are not counted. Default 1. */
  readonly warmUpSeconds?: number;
  /** Whether the load uses HTTP/1.1 instead of HTTP/2. */
  readonly http1?: boolean;
  /** CPU to which the generator is bound. The server uses the other one. */
  readonly cpu: number;
}

export interface LoadResult {
  readonly callsPerSecond: number;
  readonly calls: number;
  readonly failed: number;
  readonly meanUs: number;
  /** Latencies of all calls, including those of the warm-up. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Returns the version of h2load (Debian package nghttp2-client); undefined when it is not installed. */
export function h2loadVersion(): string | undefined {
  try {
    return execFileSync("h2load", ["--version"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/**
 * Loads a server for some seconds. Counts HTTP 200, which every gRPC error has too: verify one answer with a
 * client first.
 */
export async function h2load(options: LoadOptions): Promise<LoadResult> {
  const { logFile = `${options.bodyFile}.log` } = options;
  const headers = Object.entries(options.headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const args = [
    ...["-c", String(options.connections), "-m", String(options.streams), "-D", String(options.seconds)],
    ...["--warm-up-time", `${(options.warmUpSeconds ?? 1) * 1_000}ms`, "-t", "1", "-d", options.bodyFile, ...headers],
    ...["--log-file", logFile],
    ...(options.http1 ? ["--h1"] : []),
    options.url,
  ];
  const { stdout } = await promisify(execFile)("taskset", ["-c", String(options.cpu), "h2load", ...args]);
  const took = (await readFile(logFile, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.split("\t")[2]))
    .sort((a, b) => a - b);
  await rm(logFile);
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  return {
    callsPerSecond: number(/finished in [\d.]+\w+, ([\d.]+) req\/s/),
    calls: number(/(\d+) succeeded/),
    failed: number(/(\d+) failed/) + number(/(\d+) errored/) + number(/(\d+) timeout/),
    p50Us: took[took.length >> 1] ?? Number.NaN,
    p99Us: took[Math.floor(took.length * 0.99)] ?? Number.NaN,
    meanUs: duration(/time for request:\s+\S+\s+\S+\s+(\S+)/.exec(stdout)?.[1] ?? ""),
  };
}

function duration(text: string): number {
  const match = /^([\d.]+)(us|ms|s)$/.exec(text);
  const factor: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 };
  return match ? Number(match[1]) * (factor[match[2] ?? ""] ?? Number.NaN) : Number.NaN;
}
