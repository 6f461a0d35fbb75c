import { expect, it } from "vitest";
import { errorsOf } from "./errors-of.ts";

it("lists what happened first first, through every disposal that failed", async () => {
  const [first, second, third] = [new Error("port taken"), new Error("stop failed"), new Error("lock lost")];
  const work = async () => {
    await using closing = new AsyncDisposableStack();
    closing.defer(() => Promise.reject(third));
    closing.defer(() => Promise.reject(second));
    throw first;
  };
  expect(errorsOf(await work().catch((error: unknown) => error))).toEqual([first, second, third]);
});

it("lists an error that hides nothing alone", () => {
  expect(errorsOf("text")).toEqual(["text"]);
});
