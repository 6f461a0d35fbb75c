import { expect, test } from "vitest";
import type { VisibleSuppliers } from "../rpc/session.ts";
import { readerOf, UNKNOWN_READER } from "./reader.ts";

const signedIn = (role: string, scope: VisibleSuppliers | null = null) =>
  readerOf({ state: "signed-in", subject: "0f3c", name: "Ada", actor: "Ada (0f3c)", role, scope, canSignOut: true });

test("a viewer may only read, an analyst and an administrator may decide", () => {
  expect(["viewer", "analyst", "admin"].map((role) => signedIn(role).mayDecide)).toEqual([false, true, true]);
  expect(["viewer", "analyst", "admin"].map((role) => signedIn(role).mayAdminister)).toEqual([false, false, true]);
  expect(signedIn("analyst").subject).toBe("Ada (0f3c)");
});

test("an administrator who sees only some suppliers decides about them, and administers nothing", () => {
  const scope = { regions: ["Europe"], categories: [] };
  expect(signedIn("admin", scope)).toMatchObject({ mayDecide: true, mayAdminister: false, seesAll: false });
  expect(signedIn("viewer", scope)).toMatchObject({ mayDecide: false, seesAll: false });
  expect(signedIn("viewer").seesAll).toBe(true);
});

test("the buttons stay while the session is not known or has ended", () => {
  const methods = { provider: null, token: true, link: false };
  expect(readerOf({ state: "unknown" })).toBe(UNKNOWN_READER);
  expect(readerOf({ state: "off", message: "" })).toBe(UNKNOWN_READER);
  expect(readerOf({ state: "signed-out", reason: "SESSION_ENDED", message: "", methods })).toBe(UNKNOWN_READER);
});
