import { expect, test } from "vitest";
import { askReplicas, REPLICA_CALLS } from "./use-replicas.ts";

const asked = (answers: readonly (string | Error)[]) => {
  let calls = 0;
  const ask = async () => {
    const answer = answers[calls++ % answers.length] ?? "";
    if (answer instanceof Error) throw answer;
    return { replica: answer, call: calls };
  };
  return { ask, calls: () => calls };
};

test("each replica is listed once with its latest answer, in the order of the names", async () => {
  const { ask, calls } = asked(["b:2", "a:1"]);
  expect(await askReplicas(ask)).toEqual([
    { replica: "a:1", call: 6 },
    { replica: "b:2", call: 5 },
  ]);
  expect(calls()).toBe(REPLICA_CALLS);
});

test("a replica that does not answer is left out, and the others are listed", async () => {
  expect((await askReplicas(asked(["a:1", new Error("gone")]).ask)).map(({ replica }) => replica)).toEqual(["a:1"]);
});

test("when the first call fails, its error is the answer", async () => {
  const { ask, calls } = asked([new Error("gone")]);
  await expect(askReplicas(ask)).rejects.toThrow("gone");
  expect(calls()).toBe(1);
});
