import { expect, test } from "vitest";
import { readerOf, UNKNOWN_READER } from "./reader.ts";

const signedIn = (role: string) =>
  readerOf({ state: "signed-in", subject: "0f3c", name: "Ada", actor: "Ada (0f3c)", role, canSignOut: true });

test("a viewer may only read, an analyst and an administrator may decide", () => {
  expect(["viewer", "analyst", "admin"].map((role) => signedIn(role).mayDecide)).toEqual([false, true, true]);
  expect(["viewer", "analyst", "admin"].map((role) => signedIn(role).mayAdminister)).toEqual([false, false, true]);
  expect(signedIn("analyst").subject).toBe("Ada (0f3c)");
});

test("the buttons stay while the session is not known or has ended", () => {
  const methods = { provider: null, token: true, link: false };
  expect(readerOf({ state: "unknown" })).toBe(UNKNOWN_READER);
  expect(readerOf({ state: "off", message: "" })).toBe(UNKNOWN_READER);
  expect(readerOf({ state: "signed-out", reason: "SESSION_ENDED", message: "", methods })).toBe(UNKNOWN_READER);
});
