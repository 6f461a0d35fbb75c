import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { create } from "@bufbuild/protobuf";
import { MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { isOpenToScoped, scopeTooNarrow } from "./scope-rule.ts";

const { echo, count, increment } = EchoService.method;

it("RPCs that filter, or that belong to no supplier, are open to callers with a scope", () => {
  expect(isOpenToScoped(count)).toBe(true);
  expect(isOpenToScoped(echo)).toBe(true);
  expect(isOpenToScoped(Health.method.check)).toBe(true);
  expect(isOpenToScoped(increment)).toBe(false);
});

it("an RPC that declares nothing is closed to them", () => {
  expect(isOpenToScoped({ ...count, proto: { ...count.proto, options: create(MethodOptionsSchema) } })).toBe(false);
});

it("the error names the RPC and says what to do", () => {
  expect(scopeTooNarrow(increment).rawMessage).toBe(
    "bellwether.echo.v1.EchoService/Increment is about all suppliers together, and you see only those of your regions and categories: ask somebody without this limit",
  );
});
