import { expect, it } from "vitest";
import type { GroupScope } from "./group-scopes.ts";
import { type ClaimRules, localPath, oneLine, personFromClaims } from "./sign-in.ts";
import {
  GroupMissingError,
  GroupsUnknownError,
  ReturnPathError,
  ScopeMissingError,
  SignInRejectedError,
} from "./sign-in-error.ts";

const rules: ClaimRules = {
  groupsClaim: "groups",
  roles: new Map([
    ["Risk Viewers", "viewer"],
    ["Risk Analysts", "analyst"],
    ["Risk Admins", "admin"],
  ]),
};
const person = (claims: Record<string, unknown>, subject = "0f3c") => personFromClaims({ subject, claims }, rules);

it("a person has the highest role of its groups", () => {
  expect(person({ name: "Ada", groups: ["Risk Viewers", "other", "Risk Analysts"] })).toEqual({
    ...{ subject: "0f3c", name: "Ada", role: "analyst" },
  });
  expect(person({ groups: ["Risk Admins", "Risk Viewers"] }).role).toBe("admin");
  expect(person({ groups: "Risk Viewers" }).role).toBe("viewer");
});

it("reads groups from a claim within a claim, and from a claim whose name has dots or slashes", () => {
  const at = (groupsClaim: string, claims: Record<string, unknown>) =>
    personFromClaims({ subject: "x", claims }, { ...rules, groupsClaim }).role;
  expect(at("realm_access.roles", { realm_access: { roles: ["Risk Admins"] } })).toBe("admin");
  expect(at("https://example.org/groups", { "https://example.org/groups": ["Risk Admins"] })).toBe("admin");
});

it("a person without such a group is rejected; the message names the groups with a role and not the person's", () => {
  expect(() => person({ groups: ["Secret Project X"] })).toThrow(GroupMissingError);
  expect(() => person({ groups: ["Secret Project X"] })).toThrow(
    /Groups with a role: Risk Viewers, Risk Analysts, Risk Admins\./,
  );
  expect(() => person({ groups: ["Secret Project X"] })).not.toThrow(/Secret/);
  expect(() => person({ groups: ["risk admins", "__proto__", "constructor"] })).toThrow(GroupMissingError);
  expect(() => person({ groups: [] })).toThrow(GroupMissingError);
});

it("a person sees the suppliers of its groups; without such a group the role is not enough", () => {
  const scopes = new Map<string, GroupScope>([
    ["Buyers Europe", { regions: ["Europe"], categories: [] }],
    ["Risk Admins", "all"],
  ]);
  const seen = (...groups: string[]) => personFromClaims({ subject: "x", claims: { groups } }, { ...rules, scopes });
  expect(seen("Risk Analysts", "Buyers Europe")).toMatchObject({
    ...{ role: "analyst", scope: { regions: ["Europe"], categories: [] } },
  });
  expect(seen("Risk Admins", "Buyers Europe").scope).toBeUndefined();
  expect(() => seen("Risk Analysts")).toThrow(ScopeMissingError);
  expect(() => seen("Buyers Europe")).toThrow(GroupMissingError);
});

it("a provider that sends no groups is reported, and one that left them out because there are too many", () => {
  expect(() => person({})).toThrow(GroupsUnknownError);
  expect(() => person({ groups: 7 })).toThrow(/no groups in the claim groups: let it send them/);
  expect(() => person({ _claim_names: { groups: "src1" } })).toThrow(/too many groups/);
});

it.each(["", "x".repeat(256), "a\u0000b", "a\nb", "\ud83d"])("rejects the subject %j", (subject) => {
  expect(() => person({ groups: ["Risk Admins"] }, subject)).toThrow(SignInRejectedError);
});

it("a name is one line without control or direction characters, at most 128 bytes", () => {
  expect(person({ groups: ["Risk Admins"], name: " Ada\r\n\u202eLovelace\u0000 " }).name).toBe("Ada Lovelace");
  expect(person({ groups: ["Risk Admins"], name: 7, preferred_username: "ada" }).name).toBe("ada");
  expect(Buffer.byteLength(person({ groups: ["Risk Admins"], name: "é".repeat(500) }).name)).toBe(128);
  expect(person({ groups: ["Risk Admins"], name: "\u200b" }).name).toBe("");
  expect(oneLine("a\ud83d b", 128)).toBe("a\ufffd b");
});

it.each([
  ["", "/"],
  ["/", "/"],
  ["/#/alerts?state=open", "/#/alerts?state=open"],
  ["/#/suppliers/S%2F1", "/#/suppliers/S%2F1"],
  ["/a/../b?x=1#y", "/b?x=1#y"],
  ["/é", "/%C3%A9"],
])("a sign-in may return to %j", (path, expected) => {
  expect(localPath(path)).toBe(expected);
});

it.each([
  "https://evil.example/",
  "//evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/.//evil.example",
  "/a/..//evil.example",
  "/%0d%0aset-cookie:x=1\r\n",
  "javascript:alert(1)",
  "evil",
  "#/alerts",
  " /alerts",
  "/\u0000",
  "/\ud83d",
  `/${"x".repeat(1_024)}`,
])("a sign-in does not return to %j", (path) => {
  expect(() => localPath(path)).toThrow(ReturnPathError);
});
