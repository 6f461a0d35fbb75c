import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { Code, type ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { bindMethod } from "../call/bound-method.ts";
import { Call } from "../call/call.ts";
import { type RequestMemoryPolicy, requestMemoryPolicy } from "./request-memory.ts";

const KIB = 1024;
const bound = bindMethod(EchoService.method.echo, () => undefined);
let policy: RequestMemoryPolicy;

class ArrivingCall extends Call {
  readonly protocolName = "grpc";
  readonly peer = { address: "", certificateNames: [] };
  readonly requestHeader = new Headers();
  readonly header = () => undefined;
  readonly connection: object;
  failed: Code | undefined;

  constructor(connection: object) {
    super(bound);
    this.connection = connection;
    this.startedAt = performance.now();
    policy.open?.(this);
  }

  override enter(): void {}
  override fail(reason: unknown): void {
    this.failed = (reason as ConnectError).code;
    this.closed = true;
    policy.close?.(this, undefined);
  }

  /**
   * Reports that the request and its overhead now hold this many KiB, and will hold `announcedKib` when
   * complete.
   */
  holds(kib: number, announcedKib = 0): this {
    this.memory?.count(this, (kib - 16) * KIB, announcedKib * KIB);
    return this;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  policy = requestMemoryPolicy({ processBytes: 1_000 * KIB, connectionBytes: 600 * KIB, bodyTimeoutMs: 60_000 });
});
afterEach(() => vi.useRealTimers());

it("counts the bytes of calls until they have a slot or end", () => {
  const a = new ArrivingCall({}).holds(100);
  const b = new ArrivingCall({}).holds(200);
  a.holds(150);
  expect(policy.bytes()).toBe(350 * KIB);
  a.memory?.release(a);
  a.holds(500);
  expect(policy.bytes()).toBe(200 * KIB);
  b.fail({ code: Code.Canceled });
  expect(policy.bytes()).toBe(0);
});

it("ends only the call whose bytes put its connection above the limit", () => {
  const connection = {};
  const a = new ArrivingCall(connection).holds(300);
  const b = new ArrivingCall(connection).holds(300);
  expect([a.failed, b.failed]).toEqual([undefined, undefined]);
  a.holds(300 + 1 / KIB);
  expect([a.failed, b.failed]).toEqual([Code.ResourceExhausted, undefined]);
  expect(policy.bytes()).toBe(300 * KIB);
});

it("ends the latest calls of the connection that holds most when all requests together exceed the limit", () => {
  const [greedy, modest] = [{}, {}];
  const large = [1, 2, 3, 4, 5].map(() => new ArrivingCall(greedy).holds(100));
  const small = new ArrivingCall(modest).holds(300);
  const honest = new ArrivingCall({}).holds(200);
  expect(large.filter(({ failed }) => failed)).toEqual([]);
  honest.holds(201);
  expect(large.map(({ failed }) => failed)).toEqual([
    undefined,
    undefined,
    undefined,
    Code.ResourceExhausted,
    Code.ResourceExhausted,
  ]);
  expect([small.failed, honest.failed]).toEqual([undefined, undefined]);
  expect(policy.bytes()).toBe(801 * KIB);
});

it("counts a call that sends nothing once it has waited", () => {
  const call = new ArrivingCall({});
  expect(policy.bytes()).toBe(0);
  vi.advanceTimersByTime(10);
  expect(policy.bytes()).toBe(16 * KIB);
  call.memory?.release(call);
  expect(policy.bytes()).toBe(0);
});

it("ends a request that is not complete in time, and keeps one that is", () => {
  const slow = new ArrivingCall({});
  const waiting = new ArrivingCall({});
  waiting.requestComplete = true;
  vi.advanceTimersByTime(59_000);
  expect(slow.failed).toBeUndefined();
  vi.advanceTimersByTime(3_000);
  expect(slow.failed).toBe(Code.DeadlineExceeded);
  expect(waiting.failed).toBeUndefined();
});

it("ends requests that announce more than 64 KiB at their first bytes, for a second after the limit was exceeded", () => {
  const begin = (announcedKib: number) => new ArrivingCall({}).holds(17, announcedKib);
  const large = new ArrivingCall({}).holds(500, 2_000);
  expect(begin(65).failed).toBeUndefined();
  const ended = new ArrivingCall({}).holds(600);
  expect(ended.failed ?? large.failed).toBe(Code.ResourceExhausted);
  expect([begin(65).failed, begin(64).failed, begin(0).failed]).toEqual([Code.ResourceExhausted, undefined, undefined]);
  const other = [large, ended].find(({ failed }) => failed === undefined);
  expect(other?.holds(510, 2_000).failed).toBeUndefined();
  vi.advanceTimersByTime(1_001);
  expect(begin(65).failed).toBeUndefined();
});
