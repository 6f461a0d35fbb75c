import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { ServerReflection } from "@bellwether/gen/grpc/reflection/v1/reflection_pb";
import { create } from "@bufbuild/protobuf";
import { MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import type { RoleName } from "../call/caller.ts";
import { checkRight, MissingRoleError, mayCall, type RequiredRole, requiredRoles } from "./roles.ts";

const ROLES: readonly RoleName[] = ["viewer", "analyst", "admin", "service"];

it.each<[RequiredRole, readonly RoleName[]]>([
  ["public", ROLES],
  ["viewer", ROLES],
  ["analyst", ["analyst", "admin", "service"]],
  ["admin", ["admin"]],
  ["service", ["service"]],
  ["runner", ["admin", "service"]],
  ["promoter", ["admin"]],
])("an RPC that requires %s may be called with any of the roles %j", (required, may) => {
  expect(ROLES.filter((role) => mayCall(new Set([role]), required))).toEqual(may);
});

it("a right allows moving its alias, and nothing else", () => {
  const rights = new Set(["promote:challenger"] as const);
  expect(mayCall(new Set(), "promoter", rights)).toBe(true);
  for (const required of ["viewer", "analyst", "admin", "service", "runner"] as const)
    expect(mayCall(new Set(), required, rights)).toBe(false);
  expect(() => checkRight({ roles: new Set(), rights }, "promote:challenger")).not.toThrow();
  expect(() => checkRight({ roles: new Set(), rights }, "promote:champion")).toThrow('the right "promote:champion"');
  expect(() => checkRight({ roles: new Set(["service"]) }, "promote:champion")).toThrow('the role "admin"');
  expect(() => checkRight({ roles: new Set(["admin"]) }, "promote:champion")).not.toThrow();
});

it("a caller without a role may call only public RPCs", () => {
  expect(mayCall(new Set(), "public")).toBe(true);
  expect(mayCall(new Set(), "viewer")).toBe(false);
});

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
