import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Report } from "../expected.ts";

const ECHO = "bellwether.echo.v1.EchoService";

/**
 * Cases that grpcurl cannot report: it does not compress requests, and it cancels a call by ending its
 * process.
 */
export const WITHOUT = ["cancel", "gzip"];

/** An error as grpcurl writes it. `details` are JSON only when reflection knows their types. */
interface Failure {
  readonly code: number;
  readonly message: string;
  readonly details?: readonly Record<string, unknown>[];
}

/** What grpcurl wrote before it ended. */
interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the cases with grpcurl, which knows the contracts only from reflection.
 * @param target flags of the connection, then its address
 */
export async function runGrpcurl(command: string, target: readonly string[]): Promise<Report[]> {
  const call = async (flags: readonly string[], rpc: string, ...requests: unknown[]): Promise<Outcome> => {
    const child = spawn(command, ["-format-error", ...flags, "-d", "@", ...target, `${ECHO}/${rpc}`]);
    child.stdin.end(requests.map((request) => JSON.stringify(request)).join("\n"));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { stdout, stderr };
  };
  const answers = async (rpc: string, ...requests: unknown[]): Promise<Record<string, unknown>[]> => {
    const { stdout, stderr } = await call([], rpc, ...requests);
    if (stderr !== "") throw new Error(stderr);
    return stdout.split(/(?<=^\})\n/m).flatMap((json) => (json === "" ? [] : [JSON.parse(json)]));
  };
  const failure = async (request: unknown, ...flags: string[]): Promise<Failure> =>
    JSON.parse((await call(flags, "Echo", request)).stderr);
  const detail = ({ details = [] }: Failure, type: string) =>
    details.find((each) => each["@type"] === `type.googleapis.com/google.rpc.${type}`);
  const echoed = async (request: unknown) => {
    const [answer] = await answers("Echo", request);
    return answer?.request as Record<string, unknown> | undefined;
  };

  const asked = { id: "interop", features: { a: 1.5, ü: -2.25 }, text: "Lieferant é 😀", payload: "AP8=" };
  const failed = await failure({ id: "x", behavior: { failCode: 9, failText: "no détail 100%" } });
  const { reason, domain, metadata } = (detail(failed, "ErrorInfo") ?? {}) as Record<string, unknown>;
  const invalid = await failure({});
  const violations = (detail(invalid, "BadRequest")?.fieldViolations ?? []) as { readonly field: string }[];
  const late = await failure({ id: "x", behavior: { delay: "30s" } }, "-max-time", "1");
  const { stdout: reported } = await call(["-v", "-H", "echo-request: tag"], "Echo", { id: "m", behavior: {} });
  const [headers = "", trailers = ""] = reported.split("Response contents:");
  const tagged = (name: string, block: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  const big = await echoed({ id: "big", payload: Buffer.alloc(3 * 1024 * 1024, 7).toString("base64") });
  const payload = Buffer.from(String(big?.payload), "base64");
  return [
    { case: "unary", result: await echoed(asked) },
    { case: "server_stream", result: (await answers("Count", { to: 3 })).map(({ number }) => number) },
    {
      case: "error_details",
      result: { code: failed.code, message: failed.message, reason, domain, ...(metadata as object) },
    },
    { case: "validation", result: { code: invalid.code, fields: violations.map(({ field }) => field) } },
    { case: "deadline", result: { code: late.code } },
    {
      case: "metadata",
      result: { header: tagged("echo-header", headers), trailer: tagged("echo-trailer", trailers) },
    },
    { case: "big", result: { size: payload.length, sum: payload.reduce((sum, byte) => sum + byte, 0) } },
    { case: "bidi", result: (await answers("Chat", { text: "a" }, { text: "b" })).map(({ text: said }) => said) },
  ];
}
