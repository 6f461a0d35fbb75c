import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { EchoRequestSchema } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { create, toBinary } from "@bufbuild/protobuf";
import { h2load, h2loadVersion } from "../../bench/h2load.ts";
import { metric } from "../../bench/metric.ts";
import type { CollectorState } from "./collector-sink.ts";
import { atMost, type Finding, LOAD_CPU, percentile, type Replica, type Scenario, startReplica } from "./harness.ts";

const ROUNDS = 5;
const COUNTED_S = 3;
const DEAD_STATES = ["refusing", "silent"] as const;
/** Shares of traces that are recorded: the usual share of production, and all of them. */
const RATIOS = { "1pct": "0.01", "100pct": "1" } as const;
const WARM_UP_S = 10;
/** After this time the effects of the collector's former state are gone. */
const SETTLE_S = 1;
/**
 * Timeout of an export, shorter than the default, so that an exporter times out on a silent collector and
 * tries again while calls are counted.
 */
const EXPORT_TIMEOUT_MS = 2_000;
const MIB = 2 ** 20;

/** Loads a replica and returns the mean time of a call, µs. */
type Load = (replica: Replica, seconds: number) => Promise<number>;

/**
 * Measures a process while its collector refuses connections or never answers: the time of its calls, its
 * memory and its stop. It is compared with a process whose collector accepts everything.
 */
export const collector: Scenario = async (quick) => {
  if (h2loadVersion() === undefined) return [unmeasured("h2load is not installed (Debian: nghttp2-client)")];
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-collector-"));
  const bodyFile = path.join(folder, "frame.bin");
  await writeFile(bodyFile, requestFrame());
  const load: Load = (replica, seconds) => measure(replica, bodyFile, quick ? seconds / 2 : seconds);
  const findings: Finding[] = [];
  for (const [share, ratio] of Object.entries(RATIOS))
    findings.push(...(await latencies(share, ratio, load)), ...(await costs(share, ratio, load)));
  await rm(folder, { recursive: true, force: true });
  return findings;
};

/**
 * Compares two processes that run on one core at the same time and exchange the states of their collectors. A
 * shared machine is slower at times by a factor of two, and two processes differ in speed by a tenth
 * throughout. Here a slow phase affects both alike, and each process is compared with itself.
 */
async function latencies(share: string, ratio: string, load: Load): Promise<Finding[]> {
  await using stack = new AsyncDisposableStack();
  const start = async () => {
    const its = stack.use(await startCollector("healthy"));
    return { its, replica: await startTraced(its.port, ratio) };
  };
  const pair = [await start(), await start()] as const;
  const both = (seconds: number) => Promise.all([load(pair[0].replica, seconds), load(pair[1].replica, seconds)]);
  await both(WARM_UP_S);
  const findings: Finding[] = [];
  for (const state of DEAD_STATES) {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      let product = 1;
      for (const [dead, healthy] of [[0, 1] as const, [1, 0] as const]) {
        await Promise.all([pair[dead].its.become(state), pair[healthy].its.become("healthy")]);
        await both(SETTLE_S);
        const meansUs = await both(COUNTED_S);
        product *= meansUs[dead] / meansUs[healthy];
      }
      ratios.push(Math.sqrt(product));
    }
    const unit = "ratio to a healthy collector beside it";
    findings.push(atMost(`collector.${state}.${share}.latency`, percentile(ratios, 0.5), unit, 1.05, 1));
  }
  await Promise.all(pair.map(({ replica }) => replica.stop()));
  return findings;
}

/**
 * Measures, in one process per state, the memory that a collector without answers costs, and the time from
 * SIGTERM to the end of the process.
 */
async function costs(share: string, ratio: string, load: Load): Promise<Finding[]> {
  await using stack = new AsyncDisposableStack();
  const loaded = async (state: CollectorState) => {
    const replica = await startTraced(stack.use(await startCollector(state)).port, ratio);
    await load(replica, WARM_UP_S);
    const { rssBytes } = await replica.stats();
    const begun = performance.now();
    await replica.stop();
    return { rssBytes, stopS: (performance.now() - begun) / 1_000 };
  };
  const healthy = await loaded("healthy");
  const findings: Finding[] = [];
  for (const state of DEAD_STATES) {
    const { rssBytes, stopS } = await loaded(state);
    const more = (rssBytes - healthy.rssBytes) / MIB;
    const name = `collector.${state}.${share}`;
    findings.push(
      atMost(`${name}.rss_mb`, more, `MiB more than with a healthy one, after ${WARM_UP_S} s`, 32, 8),
      atMost(`${name}.stop_s`, stopS, "s from SIGTERM to the end", 2, 1),
    );
  }
  return findings;
}

/** A collector that runs in the worker thread of collector-sink.ts. */
export interface Collector extends AsyncDisposable {
  readonly port: number;
  become(state: CollectorState): Promise<void>;
}

export async function startCollector(state: CollectorState): Promise<Collector> {
  const sink = new Worker(new URL("collector-sink.ts", import.meta.url), { workerData: state });
  const [port]: [number] = (await once(sink, "message")) as [number];
  return {
    port,
    async become(next) {
      const changed = once(sink, "message");
      sink.postMessage(next);
      await changed;
    },
    [Symbol.asyncDispose]: () => sink.terminate().then(() => undefined),
  };
}

/** Returns an Echo request as a gRPC frame: a supplier with a short text. */
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

function startTraced(collectorPort: number, ratio: string): Promise<Replica> {
  return startReplica(
    { traced: true },
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}`,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: ratio,
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_EXPORTER_OTLP_TIMEOUT: String(EXPORT_TIMEOUT_MS),
    },
  );
}

/**
 * Returns the mean time of a call, µs. The load keeps the server's core busy, so that every cost is part of
 * it.
 */
async function measure(replica: Replica, bodyFile: string, seconds: number): Promise<number> {
  const { meanUs, failed } = await h2load({
    url: `http://127.0.0.1:${replica.ready.grpcPort}/bellwether.echo.v1.EchoService/Echo`,
    headers: { "content-type": "application/grpc", te: "trailers" },
    ...{ bodyFile, logFile: `${bodyFile}.${replica.process.pid}.log` },
    ...{ seconds, warmUpSeconds: 0, connections: 8, streams: 2, cpu: LOAD_CPU },
  });
  if (failed > 0) throw new Error(`${failed} calls failed`);
  return meanUs;
}

function unmeasured(reason: string): Finding {
  return metric({ name: "collector.refusing.1pct.latency", value: null, unit: "ratio", better: "lower", reason });
}
