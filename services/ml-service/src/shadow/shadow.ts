import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import type { ColumnarInput, SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { BatchScores } from "@bellwether/scoring/batch/score-batch";
import { answerOfBatchRow, answerOfScore, inputOfBatchRow } from "@bellwether/scoring/comparison/answers";
import { segmentNames } from "@bellwether/scoring/comparison/segment-names";
import { isChosen } from "@bellwether/scoring/comparison/shadow-share";
import { murmur3 } from "@bellwether/scoring/comparison/supplier-hash";
import { type FeatureColumns, featureColumns } from "@bellwether/scoring/comparison/top-features";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { SupplierScore } from "@bellwether/scoring/score/score-supplier";
import type { Logger } from "@bellwether/telemetry/logger";
import type { ComparedVersion, ShadowRow, ShadowState } from "../domain/shadow.ts";
import { DamagedChallengerError, type FoundPair, findPair, readPair, type ShadowVersionsAccess } from "./find-pair.ts";
import { createShadowQueue } from "./shadow-queue.ts";
import { createShadowRecords, type PairRecord, type PairReport } from "./shadow-records.ts";
import {
  ChallengerRejectedError,
  type ShadowThread,
  ShadowThreadError,
  type StartShadowThread,
  startShadowThread,
} from "./shadow-thread.ts";

/** A model that has answered, as far as the shadow needs it. */
type AnsweredBy = Pick<ScoringModel, "identity" | "bundle">;

/** Lets the challenger score a share of what the champion has answered. Its answers are compared, and never returned. */
export interface Shadow {
  /** Offers an answer. Returns at once, never throws, and does nothing for other versions than the champion. */
  offerScore(model: AnsweredBy, supplierId: string, input: SupplierInput, score: SupplierScore): void;
  /** Offers the answers of a batch; the arrays must not change afterwards. */
  offerBatch(model: AnsweredBy, supplierIds: readonly string[], input: ColumnarInput, scores: BatchScores): void;
  report(): ShadowReport;
}

/** What the shadow of this replica does, and what it has compared since the process started. */
export interface ShadowReport {
  readonly state: ShadowState;
  /** Why, when the state does not say it. */
  readonly detail: string;
  readonly share: number;
  /** "" where there is none. */
  readonly championVersion: string;
  readonly challengerVersion: string;
  /** Rows that wait now. */
  readonly waiting: number;
  /** Newest pair first. */
  readonly pairs: readonly PairReport[];
}

/** The configuration of a shadow. */
export interface ShadowOptions extends ShadowVersionsAccess {
  /** Share of the suppliers, in [0, 1]. 0: nothing is compared, and no thread is started. */
  readonly share: number;
  /** Largest CPU time of the thread, as a share of one core, in (0, 1]. */
  readonly maxCpu: number;
  /** Interval of the checks for another champion or challenger, ms. */
  readonly pollMs: number;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly now?: () => number;
  readonly startThread?: StartShadowThread;
}

const QUEUE = { maxRows: 1_024, maxBytes: 8 * 2 ** 20, maxAgeMs: 60_000 };
/** Largest task of the thread. Copying it takes less than a millisecond of the event loop. */
const TASK = { rows: 32, bytes: 256 * 1_024 };
/** Time for which rows are collected, ms. The answers are sent before. */
const COLLECT_MS = 25;
/** Ids of a batch that are hashed before other calls are handled. */
const IDS_PER_TURN = 1_024;
/** Ends of the thread in a row, without a scored task, after which it is not started again. */
const MAX_ENDS = 5;
/** Time until a thread is started again, and a version is read again: doubled with each end in a row. */
const FIRST_RETRY_MS = 1_000;
const READ_RETRY_MS = 30_000;

/** A pair that is loaded, or being loaded. */
interface Running {
  readonly key: string;
  readonly champion: ComparedVersion;
  readonly record: PairRecord;
  readonly salt: number;
  readonly bundle: FeatureBundle;
  readonly columns: FeatureColumns;
  readonly thread: ShadowThread;
}

/** A batch whose rows were not looked at yet. */
interface OfferedBatch {
  readonly supplierIds: readonly string[];
  readonly input: ColumnarInput;
  readonly scores: BatchScores;
  readonly atMs: number;
}

/** A shadow that never compares anything. */
export const NO_SHADOW: Shadow = {
  offerScore() {},
  offerBatch() {},
  report: () => ({
    ...{ state: "off", detail: "", share: 0, championVersion: "", challengerVersion: "", waiting: 0, pairs: [] },
  }),
};

/** Starts a shadow; it looks for its versions at once, and is stopped when it is disposed of. */
export function startShadow(options: ShadowOptions): Shadow & AsyncDisposable {
  const { share, maxCpu, pollMs, logger, now = Date.now, startThread = startShadowThread } = options;
  const records = createShadowRecords(now);
  let running: Running | null = null;
  let state: ShadowState = "loading";
  let detail = "";
  let named = { champion: "", challenger: "" };
  /** Key of a pair that is not opened again until `retryAtMs`, or until the key changes when that is null. */
  let failed: { readonly key: string; readonly retryAtMs: number | null } | null = null;
  let ends = 0;
  let stopped = false;
  let batch: OfferedBatch | null = null;
  let isScoring = false;
  const timers = new Set<NodeJS.Timeout>();
  const queue = createShadowQueue(QUEUE, (reason, rows) => running?.record.drop(reason, rows), now);

  const later = (ms: number, work: () => void): void => {
    if (stopped) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms).unref();
    timers.add(timer);
  };
  const show = (next: ShadowState, why = ""): void => {
    if (next !== state || why !== detail)
      logger[why === "" ? "info" : "warn"]({ state: next, ...named, ...(why !== "" && { why }) }, "shadow");
    state = next;
    detail = why;
  };

  /** Ends the pair that is compared. Rows that wait belong to it, and are dropped. */
  const close = async (): Promise<void> => {
    const before = running;
    if (before === null) return;
    queue.clear("versions_changed");
    if (batch !== null) before.record.drop("batch_not_read", batch.supplierIds.length);
    batch = null;
    running = null;
    await before.thread[Symbol.asyncDispose]();
  };
  /** The thread has ended: it is started again later, and not at once. */
  const onEnd = async (of: Running, error: unknown): Promise<void> => {
    if (running !== of) return;
    ends++;
    const message = error instanceof Error ? error.message : String(error);
    const isLast = ends >= MAX_ENDS;
    failed = { key: of.key, retryAtMs: isLast ? null : now() + FIRST_RETRY_MS * 2 ** ends };
    show(isLast ? "stopped" : "loading", isLast ? `${message}; ${ends} times in a row` : message);
    await close();
  };

  const open = async (pair: FoundPair & { readonly kind: "pair" }): Promise<void> => {
    const stored = await readPair(options, pair);
    const bundle = parseFeatureBundle(stored.champion.bundleJson);
    const modelDigest = stored.challenger.manifest.files["model.onnx"].sha256;
    const challenger = { version: pair.challenger, modelDigest };
    const record = records.open(pair.champion, challenger, segmentNames(bundle));
    const thread = startThread(stored);
    const columns = featureColumns(bundle);
    const salt = murmur3(record.key, 0);
    const opened: Running = { key: pair.key, champion: pair.champion, record, salt, bundle, columns, thread };
    running = opened;
    show("loading");
    // Not awaited: the aliases are followed while a version is loaded.
    void thread.opened.then(
      () => {
        if (running !== opened) return;
        show("running");
        if (queue.size() > 0) later(COLLECT_MS, score);
      },
      async (error: unknown) => {
        if (running !== opened) return;
        if (!(error instanceof ChallengerRejectedError)) return await onEnd(opened, error);
        failed = { key: pair.key, retryAtMs: null };
        show("rejected", error.message);
        await close();
      },
    );
  };
  /** Follows the aliases and the files of the versions. */
  const look = async (): Promise<void> => {
    const found = await findPair(options);
    if (stopped) return;
    if (found.kind === "none") {
      named = { champion: found.champion, challenger: found.challenger };
      show(found.state);
      failed = null;
      ends = 0;
      return await close();
    }
    if (running?.key === found.key) return;
    if (failed?.key === found.key && (failed.retryAtMs === null || now() < failed.retryAtMs)) return;
    if (failed?.key !== found.key) ends = 0;
    named = { champion: found.champion.version, challenger: found.challenger };
    show("loading");
    await close();
    failed = { key: found.key, retryAtMs: now() + READ_RETRY_MS };
    await open(found);
  };
  let looking: Promise<void> = Promise.resolve();
  const follow = (): void => {
    looking = look()
      .catch((error: unknown) => {
        // The pair that is compared stays as long as the registry cannot be read.
        if (running !== null || stopped) return;
        const why = error instanceof Error ? error.message : String(error);
        if (!(error instanceof DamagedChallengerError)) return show("unreadable", why);
        if (failed !== null) failed = { key: failed.key, retryAtMs: null };
        show("rejected", why);
      })
      .then(() => later(pollMs, follow));
  };

  /** Before this time no task is started, epoch milliseconds. */
  let restUntilMs = 0;
  let isCollecting = false;
  /** Scores the rows that wait, one task after the other, with pauses that keep the CPU time within its share. */
  const score = (): void => {
    const of = running;
    if (isScoring || of === null || state !== "running") return;
    const rows = queue.take(TASK.rows, TASK.bytes);
    if (rows.length === 0) return;
    isScoring = true;
    void of.thread
      .score(rows)
      .then(({ outcomes, cpuMs }) => {
        of.record.add(rows, outcomes);
        ends = 0;
        return cpuMs * (1 / maxCpu - 1);
      })
      .catch(async (error: unknown) => {
        const reason = error instanceof ShadowThreadError ? error.reason : "thread_ended";
        of.record.drop(running === of ? reason : "versions_changed", rows.length);
        await onEnd(of, error);
        return 0;
      })
      .then((pauseMs) => {
        isScoring = false;
        restUntilMs = now() + pauseMs;
        if (queue.size() > 0) collect();
      });
  };
  const collect = (): void => {
    if (isCollecting || isScoring) return;
    isCollecting = true;
    later(Math.max(COLLECT_MS, restUntilMs - now()), () => {
      isCollecting = false;
      score();
    });
  };
  const put = (of: Running, row: ShadowRow): void => {
    of.record.choose();
    queue.put(row);
    collect();
  };
  /** Chooses rows of the batch that waits; other calls are handled in between. */
  const readBatch = (offered: OfferedBatch, from: number): void => {
    const of = running;
    if (batch !== offered || of === null) return;
    const { supplierIds, input, scores, atMs } = offered;
    const until = Math.min(supplierIds.length, from + IDS_PER_TURN);
    for (let row = from; row < until; row++) {
      if (!queue.hasRoom()) {
        of.record.drop("batch_not_read", supplierIds.length - row);
        batch = null;
        return;
      }
      const supplierId = supplierIds[row] ?? "";
      if (!isChosen(supplierId, share, of.salt)) continue;
      // A row with an error has no answer of the champion.
      if (scores.bands[row] === 0) continue;
      const champion = answerOfBatchRow(of.bundle, of.columns, scores, row);
      put(of, { supplierId, atMs, input: inputOfBatchRow(input, row), champion });
    }
    if (until < supplierIds.length) later(0, () => readBatch(offered, until));
    else batch = null;
  };

  const isChampion = (of: Running, { identity }: AnsweredBy): boolean =>
    identity.version === of.champion.version && identity.modelDigest === of.champion.modelDigest;
  follow();
  return {
    offerScore(model, supplierId, input, answered) {
      const of = running;
      if (of === null || !isChampion(of, model) || !isChosen(supplierId, share, of.salt)) return;
      put(of, { supplierId, atMs: now(), input, champion: answerOfScore(answered, model) });
    },
    offerBatch(model, supplierIds, input, scores) {
      const of = running;
      if (of === null || !isChampion(of, model)) return;
      if (batch !== null || !queue.hasRoom()) return of.record.drop("batch_not_read", supplierIds.length);
      const offered = { supplierIds, input, scores, atMs: now() };
      batch = offered;
      later(COLLECT_MS, () => readBatch(offered, 0));
    },
    report: () => ({
      ...{ state, detail, share, waiting: queue.size(), pairs: records.reports() },
      ...{ championVersion: named.champion, challengerVersion: named.challenger },
    }),
    async [Symbol.asyncDispose]() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await close();
      await looking;
      await close();
    },
  };
}
