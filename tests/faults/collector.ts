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

const ROUNDS = 8;
/** Windows of a second in which calls are counted, one after the other. */
const WINDOWS = 4;
const QUIET_SHARE = 0.1;
const STATES: readonly CollectorState[] = ["healthy", "refusing", "silent"];
/** Shares of traces that are recorded: what production would set, and everything. */
const RATIOS = { "1pct": "0.01", "100pct": "1" } as const;
const WARM_UP_S = 10;
/** What a collector in its former state has left behind is gone by then. */
const SETTLE_S = 1;
/** Shorter than by default, so that an exporter gives a silent collector up, and begins anew, while calls are counted. */
const EXPORT_TIMEOUT_MS = 2_000;
const MIB = 2 ** 20;

/** Loads a replica and gives the mean microseconds of a call. */
type Load = (replica: Replica, seconds: number) => Promise<number>;

/** Collectors that refuse connections or never answer, against one that takes everything: what a call and the process then cost. */
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
 * Of one process whose collector changes: two processes differ in pace by a tenth for as long as they live. By its
 * quietest seconds: a shared machine makes some of them slower, up to twice, and none faster.
 */
async function latencies(share: string, ratio: string, load: Load): Promise<Finding[]> {
  await using changing = await startCollector("healthy");
  const replica = await startTraced(changing.port, ratio);
  const meansUs: Record<CollectorState, number[]> = { healthy: [], refusing: [], silent: [] };
  await load(replica, WARM_UP_S);
  for (let round = 0; round < ROUNDS; round++)
    for (const state of round % 2 === 0 ? STATES : STATES.toReversed()) {
      await changing.become(state);
      await load(replica, SETTLE_S);
      for (let window = 0; window < WINDOWS; window++) meansUs[state].push(await load(replica, 1));
    }
  await replica.stop();
  const quiet = (state: CollectorState): number => percentile(meansUs[state], QUIET_SHARE);
  return (["refusing", "silent"] as const).map((state) => {
    const unit = `ratio to a healthy collector's ${Math.round(quiet("healthy"))} µs, lower deciles of ${ROUNDS * WINDOWS} s`;
    return atMost(`collector.${state}.${share}.latency`, quiet(state) / quiet("healthy"), unit, 1.05, 1);
  });
}

/** Of a process each: what a dead collector makes it keep, and how long it then takes to end. */
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
  for (const state of ["refusing", "silent"] as const) {
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

/** A collector of collector-sink.ts. */
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

/** Mean microseconds of a call while the server has as much to do as it can: every cost counts. */
async function measure(replica: Replica, bodyFile: string, seconds: number): Promise<number> {
  const { meanUs, failed } = await h2load({
    url: `http://127.0.0.1:${replica.ready.grpcPort}/bellwether.echo.v1.EchoService/Echo`,
    headers: { "content-type": "application/grpc", te: "trailers" },
    ...{ bodyFile, seconds, warmUpSeconds: 0, connections: 8, streams: 2, cpu: LOAD_CPU },
  });
  if (failed > 0) throw new Error(`${failed} calls failed`);
  return meanUs;
}

function unmeasured(reason: string): Finding {
  return metric({ name: "collector.refusing.1pct.latency", value: null, unit: "ratio", better: "lower", reason });
}
