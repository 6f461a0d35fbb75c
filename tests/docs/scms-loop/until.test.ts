import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { until } from "./until.ts";

test("a look that is not answered in time is repeated, and another error ends the wait", async () => {
  const answers = [Code.DeadlineExceeded, null, Code.Unavailable, "found", "never read"];
  const look = async (): Promise<string | null> => {
    const answer = answers.shift();
    if (typeof answer === "number") throw new ConnectError("no answer", answer);
    return answer ?? null;
  };
  expect(await until("a value", look)).toBe("found");
  expect(answers).toEqual(["never read"]);
  await expect(until("a value", () => Promise.reject(new ConnectError("wrong", Code.NotFound)))).rejects.toThrow(
    "wrong",
  );
});
