import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DOORS = ["grpc", "web", "admin"] as const;

/** A service in a process of its own. */
export interface ServiceProcess extends AsyncDisposable {
  readonly grpcUrl: string;
  readonly webUrl: string;
  readonly adminUrl: string;
  /** What it has logged. */
  log(): string;
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

/** What a service tells its parent when it listens. */
interface Listening {
  readonly addresses: Readonly<Record<(typeof DOORS)[number], { readonly port: number }>>;
}

/** Variables of a process that records every trace and sends it to `collectorUrl`. */
export function tracedTo(collectorUrl: string): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl, OTEL_TRACES_SAMPLER: "always_on" };
}

/** Starts a service by its main.ts on free ports, every trace recorded and sent to `collectorUrl`. */
export async function startService(
  name: string,
  collectorUrl: string,
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const prefix = name.toUpperCase().replace("-", "_");
  const ports = Object.fromEntries(DOORS.map((door) => [`${prefix}_${door.toUpperCase()}_PORT`, "0"]));
  const child = spawn(process.execPath, [path.join(ROOT, "services", name, "src/main.ts")], {
    cwd: ROOT,
    env: { ...ports, ...tracedTo(collectorUrl), BELLWETHER_LOG_LEVEL: "debug", ...env },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  let log = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const told = once(child, "message").then(([message]) => message as Listening);
  const said = await Promise.race([told, ended]);
  if (typeof said !== "object" || said === null) throw new Error(`${name} ended with ${said} before it listened`);
  const url = (door: (typeof DOORS)[number]): string => `http://127.0.0.1:${said.addresses[door].port}`;
  const stop = (): Promise<number | null> => {
    if (child.exitCode === null) child.kill("SIGTERM");
    return ended;
  };
  return {
    grpcUrl: url("grpc"),
    webUrl: url("web"),
    adminUrl: url("admin"),
    log: () => log,
    stop,
    [Symbol.asyncDispose]: () => stop().then(() => undefined),
  };
}
