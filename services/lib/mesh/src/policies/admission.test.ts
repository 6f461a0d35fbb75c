import { echoRoute } from "@bellwether/testing/echo/echo-service";
import { afterEach, expect, it, vi } from "vitest";
import type { BoundMethod } from "../call/bound-method.ts";
import { Call } from "../call/call.ts";
import { admissionPolicy } from "./admission.ts";

/** A simulated event loop with its own clock: it reads what has arrived, then runs handlers. */
interface Load {
  readonly callsPerMs: number;
  /** CPU time of one handler. */
  readonly handlerMs: number;
  /** Time after the start in which handlers are not compiled yet and take 20 times as long. */
  readonly coldMs?: number;
  /** Time to read a call's headers, and to reject the call if necessary. */
  readonly readMs: number;
  /** Time that each iteration of the event loop spends on frames that are not calls. */
  readonly floodMs?: number;
  readonly lastsMs: number;
}

const ECHO = echoRoute().methods.find(({ name }) => name.endsWith("/Echo"));
let nowMs = 0;
afterEach(() => void vi.restoreAllMocks());

class SimulatedCall extends Call {
  readonly protocolName = "grpc";
  readonly peer = { address: "", certificateNames: [] };
  readonly connection = this;
  readonly requestHeader = new Headers();
  readonly header = () => undefined;
  readonly #handler: () => void;
  failed = false;

  constructor(bound: BoundMethod, handler: () => void) {
    super(bound);
    this.#handler = handler;
  }

  override enter(): void {
    this.#handler();
  }

  override fail(): void {
    this.failed = true;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function serve(load: Load) {
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  let overloads = 0;
  const policy = admissionPolicy(undefined, () => overloads++);
  const waits: { readonly atMs: number; readonly waitedMs: number }[] = [];
  const calls: SimulatedCall[] = [];
  let rejected = 0;
  const start = nowMs;
  const arrive = (atMs: number): void => {
    if (!ECHO) throw new Error("no Echo");
    const call = new SimulatedCall(ECHO, () => {
      waits.push({ atMs: atMs - start, waitedMs: nowMs - atMs });
      nowMs += nowMs - start < (load.coldMs ?? 0) ? 20 * load.handlerMs : load.handlerMs;
      policy.close?.(call, undefined);
    });
    call.startedAt = nowMs;
    try {
      policy.open?.(call);
      policy.admit?.(call);
      calls.push(call);
    } catch {
      rejected++;
    }
  };
  for (let arrived = 0; nowMs - start < load.lastsMs; ) {
    nowMs += load.floodMs ?? 0;
    for (; arrived < (nowMs - start) * load.callsPerMs; arrived++) {
      nowMs += load.readMs;
      arrive(start + arrived / load.callsPerMs);
    }
    nowMs += 0.1;
    await turn();
  }
  while (policy.load().queued > 0) await turn();
  const expired = calls.filter(({ failed }) => failed).length;
  const waitedAfter = (ms: number) =>
    Math.max(...waits.filter(({ atMs }) => atMs > ms).map(({ waitedMs }) => waitedMs));
  return { served: waits.length, rejected, expired, overloads, waitedAfter };
}

it("calls that are accepted at their headers are served, although most of the time is spent on rejections", async () => {
  const { served, rejected, expired, overloads, waitedAfter } = await serve({
    ...{ callsPerMs: 3, handlerMs: 1, readMs: 0.2, lastsMs: 3_000 },
  });
  expect({ expired, overloads }).toEqual({ expired: 0, overloads: 1 });
  expect(waitedAfter(0)).toBeLessThan(500);
  expect(waitedAfter(1_500)).toBeLessThan(100);
  // Reading takes 0.6 of the time, so that 0.4 calls per millisecond can be served.
  expect(served / 3_000).toBeGreaterThan(0.9 * 0.4);
  expect(served + rejected).toBeGreaterThan(2.9 * 3_000);
});

it("a server below its capacity rejects nothing", async () => {
  const { rejected, expired, overloads, waitedAfter } = await serve({
    ...{ callsPerMs: 0.6, handlerMs: 1, readMs: 0.2, lastsMs: 3_000 },
  });
  expect({ rejected, expired, overloads }).toEqual({ rejected: 0, expired: 0, overloads: 0 });
  expect(waitedAfter(0)).toBeLessThan(20);
});

it("calls that wait while a flood of frames is read are not rejected", async () => {
  const { served, rejected, expired } = await serve({
    ...{ callsPerMs: 0.02, handlerMs: 1, readMs: 0.1, floodMs: 200, lastsMs: 5_000 },
  });
  expect({ rejected, expired }).toEqual({ rejected: 0, expired: 0 });
  expect(served).toBeGreaterThan(90);
});

it("a cold process that is briefly too slow lets the burst wait and rejects none", async () => {
  const { rejected, expired } = await serve({
    ...{ callsPerMs: 0.2, handlerMs: 1, readMs: 0.1, coldMs: 400, lastsMs: 2_000 },
  });
  expect({ rejected, expired }).toEqual({ rejected: 0, expired: 0 });
});
