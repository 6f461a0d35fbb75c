import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { EchoRequestSchema } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { create, toBinary } from "@bufbuild/protobuf";
import { h2load, h2loadVersion } from "../../bench/h2load.ts";
import { metric } from "../../bench/metric.ts";
import type { CollectorPorts } from "./collector-sink.ts";
import { atMost, type Finding, LOAD_CPU, percentile, type Replica, type Scenario, startReplica } from "./harness.ts";

const ROUNDS = 5;
/** Shares of traces that are recorded: what production would set, and everything. */
const RATIOS = { "1pct": "0.01", "100pct": "1" } as const;
const MIB = 2 ** 20;

interface Traced {
  readonly replica: Replica;
  /** Mean microseconds of a call, by round. */
  readonly meansUs: number[];
  calls: number;
}

/** Collectors that refuse connections or never answer, against one that takes everything: what a call and the process then cost. */
export const collector: Scenario = async (quick) => {
  if (h2loadVersion() === undefined) return [unmeasured("h2load is not installed (Debian: nghttp2-client)")];
  await using collectors = await startCollectors();
  const { ports } = collectors;
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-collector-"));
  const bodyFile = path.join(folder, "frame.bin");
  await writeFile(bodyFile, requestFrame());
  const load = (one: Traced, seconds: number) => measure(one, bodyFile, quick ? seconds / 2 : seconds);
  const findings: Finding[] = [];
  for (const [share, ratio] of Object.entries(RATIOS)) {
    const traced = {
      healthy: await startTraced(ports.healthy, ratio),
      refusing: await startTraced(ports.refusing, ratio),
      silent: await startTraced(ports.silent, ratio),
    };
    const turns = Object.values(traced);
    for (const one of turns) await load(one, 10);
    for (let round = 0; round < ROUNDS; round++)
      for (const one of round % 2 === 0 ? turns : turns.toReversed()) one.meansUs.push(await load(one, 2));
    for (const state of ["refusing", "silent"] as const)
      findings.push(...(await findingsOf(`collector.${state}.${share}`, traced[state], traced.healthy)));
    await traced.healthy.replica.stop();
  }
  await rm(folder, { recursive: true, force: true });
  return findings;
};

/** The servers of collector-sink.ts. */
export async function startCollectors(): Promise<AsyncDisposable & { readonly ports: CollectorPorts }> {
  const sink = new Worker(new URL("collector-sink.ts", import.meta.url));
  const [ports]: [CollectorPorts] = (await once(sink, "message")) as [CollectorPorts];
  return { ports, [Symbol.asyncDispose]: () => sink.terminate().then(() => undefined) };
}

/** Echo's request as gRPC frames it: a supplier with a little text. */
function requestFrame(): Buffer {
  const text = "delivery within fourteen days of order. ".repeat(10);
  const message = toBinary(
    EchoRequestSchema,
    create(EchoRequestSchema, { id: "x", features: { late_ratio: 0.5 }, text }),
  );
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

async function startTraced(collectorPort: number, ratio: string): Promise<Traced> {
  const replica = await startReplica(
    { traced: true },
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}`,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: ratio,
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
    },
  );
  return { replica, meansUs: [], calls: 0 };
}

/** Mean microseconds of a call while the server has as much to do as it can: every cost counts. */
async function measure(traced: Traced, bodyFile: string, seconds: number): Promise<number> {
  const { meanUs, calls, failed } = await h2load({
    url: `http://127.0.0.1:${traced.replica.ready.grpcPort}/bellwether.echo.v1.EchoService/Echo`,
    headers: { "content-type": "application/grpc", te: "trailers" },
    ...{ bodyFile, seconds, connections: 8, streams: 2, cpu: LOAD_CPU },
  });
  if (failed > 0) throw new Error(`${failed} calls failed`);
  traced.calls += calls;
  return meanUs;
}

async function findingsOf(name: string, { replica, meansUs, calls }: Traced, healthy: Traced): Promise<Finding[]> {
  const ratios = meansUs.map((meanUs, round) => meanUs / (healthy.meansUs[round] ?? Number.NaN));
  const more = ((await replica.stats()).rssBytes - (await healthy.replica.stats()).rssBytes) / MIB;
  const begun = performance.now();
  await replica.stop();
  const stopS = (performance.now() - begun) / 1_000;
  return [
    atMost(`${name}.latency`, percentile(ratios, 0.5), "ratio to a healthy collector", 1.05, 1),
    atMost(`${name}.rss_mb`, more, `MiB more than with a healthy one, ${calls} calls`, 32, 8),
    atMost(`${name}.stop_s`, stopS, "s from SIGTERM to the end", 2, 1),
  ];
}

function unmeasured(reason: string): Finding {
  return metric({ name: "collector.refusing.1pct.latency", value: null, unit: "ratio", better: "lower", reason });
}
