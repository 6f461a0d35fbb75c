import os from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import { answerOfScore } from "@bellwether/scoring/comparison/answers";
import type { RowTimes } from "@bellwether/scoring/comparison/compared-row";
import { timeVersions } from "@bellwether/scoring/comparison/time-versions";
import { openScoringModel, type ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { InvalidSupplierError, scoreSupplier } from "@bellwether/scoring/score/score-supplier";
import type { ShadowOutcome, ShadowRow } from "../domain/shadow.ts";

/** The versions of a shadow thread, as its `workerData`. */
export interface ShadowVersions {
  readonly champion: StoredVersion;
  readonly challenger: StoredVersion;
}

/** A message to the thread: rows to score. The thread answers each with one `ShadowAnswer`. */
export type ShadowTask = readonly ShadowRow[];

/** A message of the thread: first "opened" or "rejected", then "scored" for each task. */
export type ShadowAnswer =
  | { readonly kind: "opened" }
  | { readonly kind: "rejected"; readonly reason: string }
  | {
      readonly kind: "scored";
      /** In the order of the rows. */
      readonly outcomes: readonly ShadowOutcome[];
      /** CPU time of the thread for this task, ms. */
      readonly cpuMs: number;
    };

/** The lowest priority: the thread gets CPU time that no other thread of the process wants. */
const LOWEST_PRIORITY = 19;
/** One row of this number is also scored by the champion, to compare the CPU time. */
const TIMED_EVERY = 8;
/** Rows before the first that is measured: their code is not compiled yet. */
const WARM_UP_ROWS = 64;

// On Linux the priority is that of one thread; 0 is the calling one. On other systems it would be that of the whole process.
if (process.platform === "linux") os.setPriority(0, LOWEST_PRIORITY);

let rows = 0;

async function scoreRow(champion: ScoringModel, challenger: ScoringModel, row: ShadowRow): Promise<ShadowOutcome> {
  rows++;
  try {
    const answer = answerOfScore(await scoreSupplier(challenger, row.input, "supplier"), challenger);
    return { kind: "scored", answer, times: await timesOf(champion, challenger, row) };
  } catch (error) {
    if (error instanceof InvalidSupplierError)
      return { kind: "rejected", reason: error.reason, field: error.violations[0]?.field ?? "" };
    return { kind: "failed", message: error instanceof Error ? error.message : "it cannot be scored" };
  }
}

async function timesOf(champion: ScoringModel, challenger: ScoringModel, row: ShadowRow): Promise<RowTimes | null> {
  if (rows <= WARM_UP_ROWS || rows % TIMED_EVERY !== 0) return null;
  const { input } = row;
  const isChampionFirst = rows % (2 * TIMED_EVERY) === 0;
  return await timeVersions({ model: champion, input }, { model: challenger, input }, isChampionFirst);
}

async function scoreTask(champion: ScoringModel, challenger: ScoringModel, task: ShadowTask): Promise<ShadowAnswer> {
  const before = process.threadCpuUsage();
  const outcomes: ShadowOutcome[] = [];
  for (const row of task) outcomes.push(await scoreRow(champion, challenger, row));
  const { user, system } = process.threadCpuUsage(before);
  return { kind: "scored", outcomes, cpuMs: (user + system) / 1_000 };
}

const send = (answer: ShadowAnswer): void => parentPort?.postMessage(answer);
const versions = workerData as ShadowVersions;
try {
  const challenger = await openScoringModel(versions.challenger);
  const champion = await openScoringModel(versions.champion);
  let last = Promise.resolve();
  parentPort?.on("message", (task: ShadowTask) => {
    last = last.then(async () => send(await scoreTask(champion, challenger, task)));
  });
  send({ kind: "opened" });
} catch (error) {
  send({ kind: "rejected", reason: error instanceof Error ? error.message : "it cannot be loaded" });
}
