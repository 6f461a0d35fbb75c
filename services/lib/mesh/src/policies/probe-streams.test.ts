import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { ServerReflection } from "@bellwether/gen/grpc/reflection/v1/reflection_pb";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { bindMethod } from "../call/bound-method.ts";
import { Call } from "../call/call.ts";
import { probeStreamPolicy } from "./probe-streams.ts";

class ProbeCall extends Call {
  readonly protocolName = "grpc";
  readonly connection = this;
  readonly requestHeader = new Headers();
  readonly header = () => undefined;
  readonly peer;

  constructor(method: DescMethod, address: string) {
    super(bindMethod(method, () => undefined));
    this.peer = { address, certificateNames: [] };
  }

  override enter(): void {}
  override fail(): void {}
}

function start() {
  const { open, close } = probeStreamPolicy({ maxStreams: 3, maxStreamsPerAddress: 2 });
  const begin = (address: string, method: DescMethod = Health.method.watch): Call => {
    const call = new ProbeCall(method, address);
    try {
      open?.(call);
      return call;
    } catch (error) {
      close?.(call, undefined);
      throw error;
    }
  };
  return { begin, end: (call: Call) => close?.(call, undefined) };
}
const tooMany = expect.objectContaining({ code: Code.ResourceExhausted });

it("one address may open watches up to its limit, and one more when one has ended", () => {
  const { begin, end } = start();
  const first = begin("10.0.0.1");
  begin("10.0.0.1");
  expect(() => begin("10.0.0.1")).toThrow(tooMany);
  end(first);
  begin("10.0.0.1");
  expect(() => begin("10.0.0.1")).toThrow(tooMany);
});

it("all addresses together may open watches up to the total limit", () => {
  const { begin } = start();
  for (const address of ["10.0.0.1", "10.0.0.1", "10.0.0.2"]) begin(address);
  expect(() => begin("10.0.0.3")).toThrow(tooMany);
});

it("reflection streams are counted separately, and health checks are not counted", () => {
  const { begin } = start();
  for (const address of ["10.0.0.1", "10.0.0.1", "10.0.0.2"]) begin(address);
  begin("10.0.0.1", ServerReflection.method.serverReflectionInfo);
  for (let i = 0; i < 10; i++) begin("10.0.0.1", Health.method.check);
});

it("a rejected call, or one that ends twice, frees no place of another call", () => {
  const { begin, end } = start();
  const first = begin("10.0.0.1");
  begin("10.0.0.1");
  for (let i = 0; i < 3; i++) expect(() => begin("10.0.0.1")).toThrow(tooMany);
  end(first);
  end(first);
  begin("10.0.0.1");
  expect(() => begin("10.0.0.1")).toThrow(tooMany);
});
