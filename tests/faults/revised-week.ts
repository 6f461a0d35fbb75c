import type { TestWeek } from "../weekly/harness.ts";

/** A complete week that is revised again and again, with two files in turn. */
export interface RevisedWeek extends AsyncDisposable {
  readonly week: TestWeek;
  /** Writes the file of the next revision, and asks for the revision. Returns the id of the run that it is to replace. */
  request(): Promise<number>;
  /** Asserts that the requested revision is complete. Returns whether its results are those of one without a kill. */
  isAsExpected(supersededRunId: number): Promise<boolean>;
}

/** Days by which the delays in the files are higher than in that of the first run. */
const DELAYS = [20, 0] as const;

/** Completes a week, and one revision of it with each file, without a kill. */
export async function reviseWeek(week: TestWeek): Promise<RevisedWeek> {
  const expected: string[] = [];
  let revisions = 0;
  const runOnce = async (): Promise<void> => {
    const { code, line } = await week.runOnce();
    if (code !== 0) throw new Error(`the run without a kill failed: ${line}`);
  };
  const request = async (): Promise<number> => {
    await week.writeDelays(DELAYS[revisions++ % DELAYS.length] ?? 0);
    return await week.supersede();
  };
  await runOnce();
  for (const _delay of DELAYS) {
    const superseded = await request();
    await runOnce();
    expected.push(await week.assertRevision(superseded));
  }
  if (expected[0] === expected[1]) throw new Error("both files have the same scores and alerts");
  return {
    week,
    request,
    isAsExpected: async (superseded) =>
      (await week.assertRevision(superseded)) === expected[(revisions - 1) % DELAYS.length],
    [Symbol.asyncDispose]: () => week[Symbol.asyncDispose](),
  };
}
