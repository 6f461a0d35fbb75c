import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type StartedMesh, startFolder } from "../start/started-mesh.ts";
import { atMost, type Finding, type Scenario } from "./harness.ts";
import { createRandom, malformedRequest } from "./malformed-requests.ts";

/** Number of malformed requests per listener. */
const REQUESTS = 50_000;
const QUICK_REQUESTS = 5_000;
const SEED = 20_261_128;
const HONEST_EVERY = 500;
/**
 * After this time, a listener that has not answered is waiting for more bytes, and the client closes the
 * connection.
 */
const PATIENCE_MS = 5;
const LEAK_WAIT_MS = 30_000;

const SERVICES = ["ops_service", "ml_service", "scheduler_service"] as const;
const LISTENERS = ["grpc", "web", "admin"] as const;
type Listener = (typeof LISTENERS)[number];

/**
 * Number of connections at the same time. The admin listener accepts 64: half of them stay free for honest
 * calls.
 */
const AT_ONCE: Readonly<Record<Listener, number>> = { grpc: 128, web: 128, admin: 32 };

/** Sends malformed requests to the nine listeners of the three services, with honest calls in between. */
export const fuzz: Scenario = async (quick) => {
  await using folder = await startFolder();
  const mesh = await folder.start({ BELLWETHER_LOG_LEVEL: "silent" });
  try {
    return await fuzzMesh(mesh, quick ? QUICK_REQUESTS : REQUESTS);
  } finally {
    await mesh.end("SIGTERM");
  }
};

async function fuzzMesh({ started, pid }: StartedMesh, requests: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  const processes = childrenOf(pid);
  const socketsBefore = socketsOf(processes);
  for (const [s, service] of SERVICES.entries()) {
    for (const [l, listener] of LISTENERS.entries()) {
      const url = new URL(started[service][listener].replace(/^(?!\w+:\/\/)/, "http://"));
      const failed = await fuzzListener(url, listener, requests, SEED + 10 * s + l);
      findings.push(atMost(`fuzz.${service}.${listener}`, failed, `honest calls failed, ${requests} requests`, 0));
    }
  }
  const ended = processes.filter((process) => !childrenOf(pid).includes(process)).length;
  const leaked = await leakedSockets(processes, socketsBefore);
  const held = await callsHeld(SERVICES.map((service) => started[service].admin));
  return [
    ...findings,
    atMost("fuzz.exits", ended, `of ${processes.length} processes`, 0),
    atMost("fuzz.leaked_slots", held, "calls in flight or queued when nobody calls, of three services", 0),
    atMost("fuzz.leaked_connections", leaked, `of ${socketsBefore} sockets before`, 0),
  ];
}

async function fuzzListener(url: URL, listener: Listener, requests: number, seed: number): Promise<number> {
  const random = createRandom(seed);
  const port = Number(url.port);
  let left = requests;
  let failed = 0;
  const send = async (): Promise<void> => {
    while (left-- > 0) {
      const honest = left % HONEST_EVERY === 0;
      await sendBytes(port, malformedRequest(random));
      if (honest && !(await isHonest(url, listener))) failed++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE[listener] }, send));
  return failed;
}

/**
 * Sends the bytes, waits until the server closes or a moment has passed, and resets the connection. A reset
 * frees the client's port at once; after a normal close it would stay in TIME_WAIT.
 */
function sendBytes(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    let timer: NodeJS.Timeout | undefined;
    socket.on("error", () => {}).resume();
    socket.once("connect", () => {
      socket.write(bytes);
      timer = setTimeout(() => socket.resetAndDestroy(), PATIENCE_MS);
    });
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function isHonest(url: URL, listener: Listener): Promise<boolean> {
  const signal = AbortSignal.timeout(10_000);
  try {
    if (listener === "admin") return (await fetch(new URL("/livez", url), { signal })).status === 200;
    if (listener === "grpc") {
      const transport = createGrpcTransport({ baseUrl: url.href, idleConnectionTimeoutMs: 100 });
      return (await createClient(Health, transport).check({}, { signal })).status > 0;
    }
    const headers = { "content-type": "application/json" };
    const check = new URL("/grpc.health.v1.Health/Check", url);
    return (await fetch(check, { method: "POST", headers, body: "{}", signal })).status === 200;
  } catch {
    return false;
  }
}

/**
 * Returns the process ids of the services: the Node processes that `bellwether start`, the process `pid`, has
 * started.
 */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const [, rest = ""] = readFileSync(`/proc/${child}/stat`, "utf8").split(") ");
        return Number(rest.split(" ")[1]) === pid && readlinkSync(`/proc/${child}/exe`).endsWith("node");
      } catch {
        return false;
      }
    });
}

function socketsOf(processes: readonly number[]): number {
  const ofProcess = (process: number): number => {
    const folder = `/proc/${process}/fd`;
    return readdirSync(folder).filter((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`).startsWith("socket:");
      } catch {
        return false;
      }
    }).length;
  };
  return processes.reduce((sum, process) => sum + ofProcess(process), 0);
}

/**
 * Waits until the processes have no more sockets than `before`, or until every time limit has passed. Returns
 * how many more they have, less 20 by which a database pool may have grown.
 */
async function leakedSockets(processes: readonly number[], before: number): Promise<number> {
  const grown = 20;
  const end = performance.now() + LEAK_WAIT_MS;
  let more = socketsOf(processes) - before;
  while (more > grown && performance.now() < end) {
    await delay(500);
    more = socketsOf(processes) - before;
  }
  return Math.max(0, more - grown);
}

/**
 * Waits until no service has a call that runs or is queued, according to its metrics, or until every time
 * limit of such calls has passed. Returns the number of such calls. Services also call each other now and
 * then, so one measurement would not be enough.
 */
async function callsHeld(admins: readonly string[]): Promise<number> {
  const end = performance.now() + LEAK_WAIT_MS;
  const ofService = async (admin: string): Promise<number> => {
    const text = await (await fetch(new URL("/metrics", admin.replace(/^(?!\w+:\/\/)/, "http://")))).text();
    const values = [...text.matchAll(/^bellwether_rpc_calls\{[^}]*state="(?:in_flight|queued)"[^}]*\} (\d+)/gm)];
    if (values.length < 2) throw new Error(`${admin}/metrics has no bellwether_rpc_calls`);
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  };
  for (;;) {
    const held = (await Promise.all(admins.map(ofService))).reduce((sum, count) => sum + count, 0);
    if (held === 0 || performance.now() > end) return held;
    await delay(250);
  }
}
