import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { CallLimitsSchema, limits } from "@bellwether/gen/bellwether/policy/v1/limits_pb";
import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { ServerReflection } from "@bellwether/gen/grpc/reflection/v1/reflection_pb";
import { create, type DescMethod, type MessageInitShape, setExtension } from "@bufbuild/protobuf";
import { MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { callLimits } from "./call-limits.ts";

const MIB = 1024 * 1024;
const { echo, count, measure, chat } = EchoService.method;

function stating(method: DescMethod, stated: MessageInitShape<typeof CallLimitsSchema>): DescMethod {
  const options = create(MethodOptionsSchema);
  setExtension(options, limits, create(CallLimitsSchema, stated));
  return { ...method, proto: { ...method.proto, options } };
}

it("an RPC without limits has the defaults: 2 s for a unary RPC, 60 s for a stream, 4 MiB", () => {
  expect(callLimits(echo)).toMatchObject({ maxRequestBytes: 4 * MIB, defaultTimeoutMs: 2_000, openEnded: false });
  expect(callLimits(count)).toMatchObject({ maxRequestBytes: 4 * MIB, defaultTimeoutMs: 60_000, openEnded: false });
});

it("limits in the contract replace the defaults", () => {
  expect(callLimits(measure)).toMatchObject({ maxRequestBytes: 16 * MIB, defaultTimeoutMs: 60_000, openEnded: false });
  expect(callLimits(chat)).toMatchObject({ defaultTimeoutMs: Number.POSITIVE_INFINITY, openEnded: true });
});

it("a health watch has no deadline unless its client sets one; a health check has a default deadline", () => {
  expect(callLimits(Health.method.watch).openEnded).toBe(true);
  expect(callLimits(Health.method.check).openEnded).toBe(false);
});

it("an RPC may accept requests of at most 64 MiB", () => {
  expect(callLimits(stating(echo, { maxRequestBytes: 64 * MIB })).maxRequestBytes).toBe(64 * MIB);
  expect(() => callLimits(stating(echo, { maxRequestBytes: 64 * MIB + 1 }))).toThrow("expected at most 67108864");
});

it("limits that contradict each other are rejected", () => {
  expect(() => callLimits(stating(echo, { openEnded: true }))).toThrow("open_ended is for streaming RPCs");
  const both = stating(count, { openEnded: true, defaultTimeoutMs: 1 });
  expect(() => callLimits(both)).toThrow("without default_timeout_ms");
});

it("health and reflection accept 4 KiB unless their contract states another limit", () => {
  expect(callLimits(Health.method.check).maxRequestBytes).toBe(4_096);
  expect(callLimits(ServerReflection.method.serverReflectionInfo).maxRequestBytes).toBe(4_096);
  expect(callLimits(stating(Health.method.check, { maxRequestBytes: 8_192 })).maxRequestBytes).toBe(8_192);
});

it("a client's deadline is at most 60 s for a unary RPC and 600 s for a stream, and unlimited for a watch", () => {
  expect(callLimits(echo).maxTimeoutMs).toBe(60_000);
  expect(callLimits(count).maxTimeoutMs).toBe(600_000);
  expect(callLimits(chat).maxTimeoutMs).toBe(Number.POSITIVE_INFINITY);
  expect(callLimits(stating(echo, { defaultTimeoutMs: 90_000 })).maxTimeoutMs).toBe(90_000);
  expect(callLimits(stating(echo, { maxTimeoutMs: 2_000 })).maxTimeoutMs).toBe(2_000);
  expect(() => callLimits(stating(echo, { maxTimeoutMs: 1_999 }))).toThrow("expected at least 2000");
  expect(() => callLimits(stating(count, { openEnded: true, maxTimeoutMs: 1 }))).toThrow("open_ended is for");
});
