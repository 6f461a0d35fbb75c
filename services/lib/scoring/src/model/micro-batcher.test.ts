import { expect, test } from "vitest";
import { createMicroBatcher } from "./micro-batcher.ts";

const COLUMNS = 3;
/** A model whose output is the sum of a row, and whose contributions are its values doubled. */
function countingModel() {
  const blocks: number[] = [];
  const runNow = (rows: Float32Array, n: number) => {
    blocks.push(n);
    const outputs = Float32Array.from({ length: n }, (_, i) =>
      rows.subarray(i * COLUMNS, (i + 1) * COLUMNS).reduce((sum, x) => sum + x, 0),
    );
    return { outputs, margins: outputs.map((x) => -x) };
  };
  return { blocks, runNow, explain: (rows: Float32Array) => rows.map((x) => 2 * x) };
}
const row = (i: number) => Float32Array.of(i, 0.5, 1);

test("rows of one callback are computed together, each with its own result", async () => {
  const model = countingModel();
  const scoreRow = createMicroBatcher(COLUMNS, model, model);
  const results = await Promise.all(Array.from({ length: 5 }, (_, i) => scoreRow(row(i), i % 2 === 0)));
  expect(model.blocks).toEqual([5]);
  expect(results).toEqual(
    Array.from({ length: 5 }, (_, i) => ({
      output: i + 1.5,
      margin: -(i + 1.5),
      contributions: i % 2 === 0 ? Float32Array.of(2 * i, 1, 2) : null,
    })),
  );
});

test("a single row is computed before the next timer and the next immediate", async () => {
  const model = countingModel();
  const scoreRow = createMicroBatcher(COLUMNS, model, model);
  const order: string[] = [];
  setImmediate(() => order.push("immediate"));
  await scoreRow(row(1), true).then(() => order.push("row"));
  await new Promise(setImmediate);
  expect(order).toEqual(["row", "immediate"]);
});

test("rows that other rows cause are computed in the next block", async () => {
  const model = countingModel();
  const scoreRow = createMicroBatcher(COLUMNS, model, model);
  await Promise.all([scoreRow(row(1), true).then(() => scoreRow(row(2), true)), scoreRow(row(3), true)]);
  expect(model.blocks).toEqual([2, 1]);
});

test("more rows than one block are computed in blocks, and other work is done in between", async () => {
  const model = countingModel();
  const scoreRow = createMicroBatcher(COLUMNS, model, model);
  const results = Array.from({ length: 130 }, (_, i) => scoreRow(row(i), true));
  let done = 0;
  for (const result of results) result.then(() => done++);
  await results[0];
  await new Promise(process.nextTick);
  expect(done).toBe(64);
  expect((await Promise.all(results)).map(({ output }) => output)).toEqual(results.map((_, i) => i + 1.5));
  expect(model.blocks).toEqual([64, 64, 2]);
});

test("contributions are computed only when a row wants them, and never without an explanation", async () => {
  const model = countingModel();
  let explained = 0;
  const explain = (rows: Float32Array) => {
    explained++;
    return rows;
  };
  const scoreRow = createMicroBatcher(COLUMNS, model, { explain });
  expect((await scoreRow(row(1), false)).contributions).toBeNull();
  expect(explained).toBe(0);
  expect((await createMicroBatcher(COLUMNS, model, null)(row(1), true)).contributions).toBeNull();
});

test("an error of the runtime fails the rows of its block, and the next rows are computed", async () => {
  const model = countingModel();
  let isBroken = true;
  const runNow = (rows: Float32Array, n: number) => {
    if (isBroken) throw new Error("runtime");
    return model.runNow(rows, n);
  };
  const scoreRow = createMicroBatcher(COLUMNS, { runNow }, model);
  const outcomes = await Promise.allSettled([scoreRow(row(1), true), scoreRow(row(2), true)]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  isBroken = false;
  expect((await scoreRow(row(1), true)).output).toBe(2.5);
});
