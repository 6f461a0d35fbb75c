import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { demoSupplier } from "@bellwether/testing/demo-model";
import { type Client, createClient } from "@connectrpc/connect";
import { SUPPLIERS } from "./versions.ts";

/** Calls that take longer than this are counted, ms. */
const SLOW_MS = 250;

/** What the calls of a phase have shown. */
export interface Phase {
  readonly calls: number;
  readonly failed: number;
  /** Answers of a version that must not be served. */
  readonly rejected: number;
  /** Answers whose score or contributions are not those of the version that they name. */
  readonly mixed: number;
  readonly slow: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  /** The first errors, for people. */
  readonly errors: readonly string[];
}

/** Calls both replicas in turns. */
export interface Load extends Disposable {
  /** Returns the number of calls that the replicas answer in a second, 32 at a time. */
  capacity(ms: number): Promise<number>;
  /** Begins calls at a constant rate. Ending them waits for the last answers. */
  start(callsPerS: number): { readonly end: () => Promise<Phase> };
}

/** @param scores risk score of each supplier by version; a version without an entry must not answer */
export function createLoad(urls: readonly string[], scores: ReadonlyMap<string, readonly number[]>): Load {
  // A repeated call would hide that the first one failed.
  const transports = urls.map((url) => createMeshTransport({ url, retry: { maxAttempts: 1 } }));
  const clients: readonly Client<typeof InferenceService>[] = transports.map((transport) =>
    createClient(InferenceService, transport),
  );
  const suppliers = Array.from({ length: SUPPLIERS }, (_, i) => {
    const { features, categories, text } = demoSupplier(i);
    return { supplierId: `S_${i}`, features, categories, contractText: text };
  });
  const clientOf = (i: number): Client<typeof InferenceService> => {
    const client = clients[i % clients.length];
    if (client === undefined) throw new Error("no replica was started");
    return client;
  };
  let turn = 0;
  const call = async (): Promise<"good" | "rejected" | "mixed"> => {
    const i = turn++;
    const at = i % SUPPLIERS;
    const { score } = await clientOf(i).predict({ supplier: suppliers[at] });
    const expected = scores.get(score?.model?.version ?? "");
    if (expected === undefined) return "rejected";
    return score?.riskScore === expected[at] ? "good" : "mixed";
  };
  return {
    async capacity(ms) {
      const until = performance.now() + ms;
      let answered = 0;
      const caller = async (): Promise<void> => {
        while (performance.now() < until) {
          // A busy machine rejects some of these calls: capacity counts answers only.
          await call().then(
            () => answered++,
            () => undefined,
          );
        }
      };
      await Promise.all(Array.from({ length: 32 }, caller));
      return answered / (ms / 1_000);
    },
    start(callsPerS) {
      const times: number[] = [];
      const errors: string[] = [];
      const counts = { failed: 0, rejected: 0, mixed: 0 };
      const open = new Set<Promise<void>>();
      const began = performance.now();
      let sent = 0;
      const one = async (): Promise<void> => {
        const start = performance.now();
        try {
          const outcome = await call();
          if (outcome !== "good") counts[outcome]++;
        } catch (error) {
          counts.failed++;
          if (errors.length < 5) errors.push(String(error));
        }
        times.push(performance.now() - start);
      };
      const timer = setInterval(() => {
        for (const due = ((performance.now() - began) / 1_000) * callsPerS; sent < due; sent++) {
          const running = one();
          open.add(running);
          running.then(() => open.delete(running));
        }
      }, 2);
      return {
        async end() {
          clearInterval(timer);
          await Promise.all(open);
          const sorted = times.toSorted((a, b) => a - b);
          return {
            ...{ calls: times.length, ...counts, errors },
            slow: sorted.filter((ms) => ms > SLOW_MS).length,
            p99Ms: sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN,
            longestMs: sorted.at(-1) ?? Number.NaN,
          };
        },
      };
    },
    [Symbol.dispose]() {
      for (const transport of transports) transport[Symbol.dispose]();
    },
  };
}
