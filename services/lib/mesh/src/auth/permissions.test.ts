import { expect, it } from "vitest";
import type { RoleName } from "../call/caller.ts";
import { checkRight, mayCall } from "./permissions.ts";
import type { RequiredRole } from "./required-role.ts";

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
