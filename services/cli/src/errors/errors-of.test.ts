import { expect, it } from "vitest";
import { errorsOf } from "./errors-of.ts";

it("lists the errors oldest first, through every disposal that failed", async () => {
  const [first, second, third] = [new Error("port taken"), new Error("stop failed"), new Error("lock lost")];
  const work = async () => {
    await using closing = new AsyncDisposableStack();
    closing.defer(() => Promise.reject(third));
    closing.defer(() => Promise.reject(second));
    throw first;
  };
  expect(errorsOf(await work().catch((error: unknown) => error))).toEqual([first, second, third]);
});

it("lists one error when it suppresses no other", () => {
  expect(errorsOf("text")).toEqual(["text"]);
});
