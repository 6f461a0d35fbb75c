import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { BodyKind, BodyOrder } from "./body-sender.ts";
import {
  atLeast,
  atMost,
  clientOf,
  type Finding,
  openLoop,
  percentile,
  type Replica,
  type Scenario,
  startReplica,
} from "./harness.ts";

const MIB = 1024 * 1024;
const PAGE_BYTES = 4_096;
const LOOK_MS = 100;

interface Flood {
  readonly listener: "grpcPort" | "webPort";
  readonly connections: number;
  readonly streams: number;
}

/**
 * Each connection has as many streams as it may have. The number of connections is what the sender's core can
 * serve.
 */
const FLOODS: Readonly<Record<BodyKind, Flood>> = {
  grpc: { listener: "grpcPort", connections: 24, streams: 128 },
  "grpc-gzip": { listener: "grpcPort", connections: 24, streams: 128 },
  web: { listener: "webPort", connections: 512, streams: 1 },
  "web-gzip": { listener: "webPort", connections: 512, streams: 1 },
};

/**
 * Sends requests of 16 MiB on every stream while an honest client calls. No request ever completes or is
 * admitted.
 */
export const bodies: Scenario = async (quick) => {
  const findings: Finding[] = [];
  for (const kind of Object.keys(FLOODS) as BodyKind[]) findings.push(...(await sendBodies(kind, quick ? 4 : 10)));
  return findings;
};

async function sendBodies(kind: BodyKind, lastsS: number): Promise<Finding[]> {
  const { listener, ...order } = FLOODS[kind];
  const replica = await startReplica();
  const { client, transport } = clientOf([replica]);
  for (let warm = 0; warm < 2_000; warm++) await client.echo({ id: "warm" });
  const beforeMib = rssMib(replica);
  let mostMib = beforeMib;
  const looking = setInterval(() => {
    mostMib = Math.max(mostMib, rssMib(replica));
  }, LOOK_MS);
  const workerData: BodyOrder = { kind, port: replica.ready[listener], seconds: lastsS, ...order };
  const sender = new Worker(new URL("body-sender.ts", import.meta.url), { workerData });
  const done = once(sender, "message");
  const outcomes = await openLoop(50, lastsS, () => client.echo({ id: "honest" }, { timeoutMs: 2_000 }));
  const [{ sentMib, begun }] = await done;
  clearInterval(looking);
  const failed = outcomes.filter(({ code }) => code !== 0).length;
  const p99Ms = percentile(
    outcomes.map(({ tookMs }) => tookMs),
    0.99,
  );
  const { request } = await client.echo({ id: "after" }, { timeoutMs: 10_000 });
  const alive = replica.process.exitCode === null && request?.id === "after";
  transport.close();
  await replica.stop();
  const name = `bodies.${kind}`;
  return [
    atMost(`${name}.rss_mib`, mostMib - beforeMib, `MiB more, ${sentMib} MiB in ${begun} requests`, 96),
    atMost(`${name}.honest_p99_ms`, p99Ms, "ms", 500),
    atMost(`${name}.honest_failures`, failed, `of ${outcomes.length} calls`, 0),
    atLeast(`${name}.alive`, Number(alive), "answers", 1),
  ];
}

/**
 * Returns the resident memory of the process as the system counts it, MiB. Asking the process itself would
 * run its garbage collection.
 */
function rssMib({ process: { pid } }: Replica): number {
  const [, pages = "0"] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  return (Number(pages) * PAGE_BYTES) / MIB;
}
