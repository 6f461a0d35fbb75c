import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { ServerReflection } from "@bellwether/gen/grpc/reflection/v1/reflection_pb";
import { create } from "@bufbuild/protobuf";
import { MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { MissingRoleError, requiredRoles } from "./required-role.ts";

it("every RPC's contract states its role, and RPCs of vendored contracts are listed", () => {
  const roles = requiredRoles([...EchoService.methods, ...Health.methods, ...ServerReflection.methods]);
  expect(roles.get(EchoService.method.increment)).toBe("analyst");
  expect(roles.get(EchoService.method.chat)).toBe("admin");
  expect(roles.get(Health.method.check)).toBe("public");
  expect(roles.get(ServerReflection.method.serverReflectionInfo)).toBe("viewer");
});

it("the error names an RPC without a role", () => {
  const { echo } = EchoService.method;
  const silent = { ...echo, proto: { ...echo.proto, options: create(MethodOptionsSchema) } };
  expect(() => requiredRoles([silent])).toThrow(MissingRoleError);
  expect(() => requiredRoles([silent])).toThrow("/bellwether.echo.v1.EchoService/Echo");
});
