import { expandInput, hasWeekPlaceholder } from "@bellwether/contract/expand-input";
import { type InputState, inputState, type SeenInput } from "./seen-input.ts";
import type { Tick } from "./weekly-ticks.ts";

/** The latest run of a week in the ledger. */
export interface WeekRecord {
  readonly week: string;
  readonly runId: number;
  readonly state: "running" | "complete" | "failed" | "held" | "missed" | "voided" | "superseded";
  /** SHA-256 of the content of the input; empty when not known. */
  readonly sourceDigest: string;
  /** SHA-256 of the configuration; empty when not known. */
  readonly configHash: string;
  /** True when a person approved the run after it was held, so that it goes on with the input that it has. */
  readonly approved: boolean;
  /** Changes with each step of a run in progress. */
  readonly progress: string;
}

/** State of a week's job in the queue. "exhausted": the last attempt ended with an error that may pass. */
export type JobState = "none" | "under way" | "exhausted" | "ended";

/** A run that the scheduler starts by itself. */
export interface StartedWeek {
  readonly week: string;
  readonly input: string;
  /** Why the run was started, as a note of the run. Empty: the schedule started it in time. */
  readonly remark: string;
  /** True: the run goes on with the snapshot that it has, and does not read the input again. */
  readonly keepsSnapshot?: boolean;
}

/** A due week whose run has not begun, and why. */
export interface WaitingWeek {
  readonly week: string;
  /** Time of the tick, milliseconds since 1970. Null: the run goes on because a person approved it. */
  readonly scheduledMs: number | null;
  /** When the week becomes MISSED, milliseconds since 1970. Null: it does not depend on its input. */
  readonly deadlineMs: number | null;
  readonly reason: string;
}

/** Result of one pass over the due weeks. */
export interface CatchUpState {
  /** Latest complete week. Null when there is none. */
  readonly lastComplete: string | null;
  /** Weeks of the look-back in these states, oldest first. */
  readonly missed: readonly string[];
  readonly held: readonly string[];
  readonly failed: readonly string[];
  readonly waiting: readonly WaitingWeek[];
}

export interface CatchUpDeps {
  /** Input of the schedule, with or without a placeholder for the week. */
  readonly input: string;
  /** SHA-256 of the present configuration. */
  readonly configHash: string;
  /** Time after the tick until which the input is waited for, milliseconds. */
  readonly deadlineMs: number;
  /** Returns the weeks whose tick has passed, oldest first; none while the schedule is paused. */
  readonly dueTicks: (nowMs: number) => Promise<readonly Tick[]>;
  /** Returns the first week of the look-back. */
  readonly oldestWeek: (nowMs: number) => string;
  /** Returns the latest runs of the model, the latest one first. @throws PeerUnavailableError, PeerRejectedError */
  readonly listRecent: () => Promise<readonly WeekRecord[]>;
  /** @throws PeerUnavailableError, PeerRejectedError */
  readonly findWeek: (week: string) => Promise<WeekRecord | null>;
  readonly jobState: (week: string) => Promise<JobState>;
  readonly look: (input: string) => Promise<SeenInput>;
  /** Returns the SHA-256 of the content of an input. */
  readonly digestOf: (file: string) => Promise<string>;
  /** Returns an input of the approved run that this machine still has. Null when it has none. */
  readonly inputOfRun: (record: WeekRecord) => Promise<string | null>;
  readonly start: (run: StartedWeek) => Promise<void>;
  /** Returns why the week cannot be recorded as missed; "" when it was. */
  readonly recordMissed: (week: string, reason: string) => Promise<string>;
}

/** Time for which an input that is there may become whole when its deadline has passed already, milliseconds. */
const SETTLE_MS = 600_000;
/** Time without progress after which a run of the ledger that has no job is continued, milliseconds. */
const STALE_MS = 600_000;

/** What was found about a week at earlier looks of this process. */
interface Memory {
  /** When the input was there for the first time, milliseconds since 1970. */
  seenMs?: number;
  fingerprint: string | null;
  digest?: { readonly fingerprint: string; readonly sha256: string };
  progress?: { readonly text: string; readonly sinceMs: number };
}

/**
 * Returns a function that makes one pass over the weeks whose tick has passed, and starts the run of the oldest
 * week that needs one. The ledger decides whether a week needs a run: neither the queue nor this process
 * remembers it. At most one week has a job at a time, so that the weeks are run in their order.
 */
export function createCatchUp(deps: CatchUpDeps): (nowMs: number) => Promise<CatchUpState> {
  const { input, configHash, deadlineMs } = deps;
  const isPerWeek = hasWeekPlaceholder(input);
  let memories = new Map<string, Memory>();
  const memoryOf = (week: string): Memory => {
    const memory = memories.get(week) ?? { fingerprint: null };
    memories.set(week, memory);
    return memory;
  };

  const digestOf = async ({ file, fingerprint }: { file: string; fingerprint: string }, memory: Memory) => {
    if (memory.digest?.fingerprint !== fingerprint) memory.digest = { fingerprint, sha256: await deps.digestOf(file) };
    return memory.digest.sha256;
  };

  /**
   * Returns the input with which an interrupted run continues: its snapshot, or a file with the same content as at
   * the start of the run. Null: this scheduler has neither.
   */
  const inputOf = async (record: WeekRecord): Promise<Pick<StartedWeek, "input" | "keepsSnapshot"> | null> => {
    const kept = await deps.inputOfRun(record);
    if (kept !== null) return { input: kept, keepsSnapshot: true };
    const seen = await deps.look(expandInput(input, record.week));
    const isSame = seen.found && (await digestOf(seen, memoryOf(record.week))) === record.sourceDigest;
    return isSame ? { input: seen.file } : null;
  };

  /** Continues a run that has made no progress for STALE_MS. Returns in every case why the week waits. */
  const continueRunning = async (record: WeekRecord, recent: readonly WeekRecord[], nowMs: number): Promise<string> => {
    const { week, progress, approved, sourceDigest } = record;
    const memory = memoryOf(week);
    if (memory.progress?.text !== progress) memory.progress = { text: progress, sinceMs: nowMs };
    if (nowMs - memory.progress.sinceMs < STALE_MS) return "it is run by another program";
    const begun = sourceDigest === "" ? null : await inputOf(record);
    if (begun === null && approved) return `${NO_WORKER}, and ${notHere(week)}`;
    const file = expandInput(input, week);
    if (begun === null) {
      const seen = await deps.look(file);
      const withdrawn = seen.found ? withdrawnInput(record, await digestOf(seen, memory), recent) : "";
      if (withdrawn !== "") return `${NO_WORKER}, and ${withdrawn}`;
    }
    const remark = "continued by the scheduler: the ledger had the run in progress, and no worker had it";
    await deps.start({ week, remark, ...(begun ?? { input: file }) });
    return "its run is in the queue";
  };

  /** Continues a run after its approval. Returns the reason to wait. */
  const continueApproved = async (record: WeekRecord): Promise<string> => {
    const { week } = record;
    if ((await deps.jobState(week)) === "under way") return "it was approved, and its run is in the queue";
    // A run with another configuration would be another run, for which the approval does not count.
    if (record.configHash !== "" && record.configHash !== configHash)
      return `it was approved, but it was run with another configuration than that of this scheduler; run it again with its files: bellwether weekly run --week ${week} --input FILE --config FILE --mapping FILE`;
    const begun = await inputOf(record);
    if (begun === null) return `it was approved, but ${notHere(week)}`;
    const remark = begun.keepsSnapshot
      ? "continued after its approval"
      : "run again after its approval: another program had begun it";
    await deps.start({ week, remark, ...begun });
    return "it was approved, and its run is in the queue";
  };

  /** Returns a sentence if a file has the content of another run of the week that a person replaced or withdrew; "" otherwise. */
  const withdrawnInput = (
    { week, runId }: Pick<WeekRecord, "week" | "runId">,
    sha256: string,
    recent: readonly WeekRecord[],
  ): string => {
    const other = recent.find(
      (one) => one.week === week && one.runId !== runId && one.sourceDigest === sha256 && WITHDRAWN.has(one.state),
    );
    if (other === undefined) return "";
    return `${expandInput(input, week)} still has the content of run ${other.runId}, which was withdrawn or is to be replaced`;
  };

  /** Returns why the input is not that of the week; "" when it may be. */
  const wrongInput = (
    tick: Tick,
    { sha256, record }: { readonly sha256: string; readonly record: WeekRecord | null },
    recent: readonly WeekRecord[],
  ): string => {
    const withdrawn = record === null ? "" : withdrawnInput(record, sha256, recent);
    if (withdrawn !== "" || isPerWeek) return withdrawn;
    const other = recent.find(
      ({ week, state, sourceDigest }) => week !== tick.week && sourceDigest === sha256 && USED.has(state),
    );
    return other === undefined ? "" : `${input} still has the content with which ${other.week} was run`;
  };

  /** Decides about a week without a run, or whose run failed. */
  const decide = async (
    tick: Tick,
    record: WeekRecord | null,
    { nowMs, newest, recent }: { nowMs: number; newest: string; recent: readonly WeekRecord[] },
  ): Promise<WaitingWeek | "missed" | "nothing"> => {
    const { week, scheduledMs } = tick;
    const memory = memoryOf(week);
    const untilMs = scheduledMs + deadlineMs;
    const isLate = nowMs > untilMs;
    const wait = (reason: string): WaitingWeek => ({ week, scheduledMs, deadlineMs: untilMs, reason });
    const giveUp = async (reason: string): Promise<WaitingWeek | "missed" | "nothing"> => {
      // A failed run has its own reason in the ledger.
      if (record !== null) return "nothing";
      const problem = await deps.recordMissed(week, reason);
      return problem === "" ? "missed" : { ...wait(`${reason}; ${problem}`), deadlineMs: null };
    };
    if (!isPerWeek && week !== newest)
      return giveUp(
        `${input} is used for the newest week (${newest}) only; a name with {week} or {date} (WEEKLY_INPUT) has a file for each week`,
      );
    const seen = await deps.look(expandInput(input, week));
    const state: InputState = inputState(seen, memory.fingerprint);
    memory.fingerprint = seen.found ? seen.fingerprint : null;
    if (state.kind === "absent")
      return isLate ? giveUp(`${state.reason}; waited ${hours(deadlineMs)} for it`) : wait(state.reason);
    memory.seenMs ??= nowMs;
    if (state.kind === "unsettled") {
      const isOver = isLate && nowMs > memory.seenMs + SETTLE_MS;
      return isOver ? giveUp(`${state.reason}; waited ${hours(deadlineMs)} for it`) : wait(state.reason);
    }
    // The content of a first attempt with a file of its own needs no comparison.
    const sha256 = record === null && isPerWeek ? "" : await digestOf(state, memory);
    if (record !== null) {
      // Without a placeholder the file of the next week replaces that of this one.
      if (!isPerWeek && isLate) return "nothing";
      const isSame = record.sourceDigest === sha256 && record.configHash === configHash;
      if (isSame && (isLate || (await deps.jobState(week)) !== "exhausted")) return "nothing";
    }
    const wrong = wrongInput(tick, { sha256, record }, recent);
    if (wrong !== "") return isLate ? giveUp(`${wrong}; waited ${hours(deadlineMs)} for another one`) : wait(wrong);
    await deps.start({ week, input: state.file, remark: remarkOn(record, sha256, tick, nowMs) });
    return { week, scheduledMs, deadlineMs: null, reason: "its run is in the queue" };
  };

  return async (nowMs) => {
    const recent = await deps.listRecent();
    const ticks = await deps.dueTicks(nowMs);
    const newest = ticks.at(-1)?.week ?? "";
    const waiting: WaitingWeek[] = [];
    const missed: string[] = [];
    // The latest run of a week is the last one that is set.
    const records = new Map(recent.toReversed().map((record) => [record.week, record]));
    const approved = byWeek(records).filter(
      ({ state, approved }) => approved && (state === "held" || state === "failed"),
    );
    const used = new Set([...ticks, ...approved].map(({ week }) => week));
    memories = new Map([...memories].filter(([week]) => used.has(week)));
    for (const record of approved) {
      // An approved run that failed goes on when its attempts ended with an outage.
      if (record.state === "failed" && (await deps.jobState(record.week)) !== "exhausted") continue;
      const reason = await continueApproved(record);
      waiting.push({ week: record.week, scheduledMs: null, deadlineMs: null, reason });
    }
    for (const tick of ticks) {
      const { week, scheduledMs } = tick;
      const record = records.get(week) ?? (await deps.findWeek(week));
      if (record !== null) records.set(week, record);
      if (record !== null && ENDED.has(record.state)) continue;
      // The weeks are run one after the other: a later week waits until this one has ended.
      if ((await deps.jobState(week)) === "under way") {
        waiting.push({ week, scheduledMs, deadlineMs: null, reason: "its run is in the queue" });
        break;
      }
      if (record?.state === "running") {
        const reason = await continueRunning(record, recent, nowMs);
        waiting.push({ week, scheduledMs, deadlineMs: null, reason });
        break;
      }
      if (record?.state === "failed" && record.approved) continue;
      const left = await decide(tick, record, { nowMs, newest, recent });
      if (left === "missed") missed.push(week);
      if (left === "nothing" || left === "missed") continue;
      waiting.push(left);
      break;
    }
    const summary = summarize(byWeek(records), deps.oldestWeek(nowMs));
    return { ...summary, missed: [...new Set([...summary.missed, ...missed])].sort(), waiting };
  };
}

/** States of a run after which the schedule leaves the week to people. */
const ENDED: ReadonlySet<string> = new Set(["complete", "held", "missed", "voided", "superseded"]);
/** States of the other runs of a week whose file a person does not want any more. */
const WITHDRAWN: ReadonlySet<string> = new Set(["complete", "superseded", "voided"]);
const NO_WORKER = "its run is in progress in the ledger, but no worker has it";
const notHere = (week: string): string =>
  `this scheduler does not have the file with which it was run; run it again: bellwether weekly run --week ${week} --input FILE`;
/** States of a run that has used its file. */
const USED: ReadonlySet<string> = new Set(["complete", "held", "superseded"]);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const hours = (ms: number): string => `${Math.round((ms / HOUR_MS) * 10) / 10} h`;

/** Says why a run is not an ordinary one of the schedule; "" when it is. */
function remarkOn(record: WeekRecord | null, sha256: string, { scheduledMs }: Tick, nowMs: number): string {
  if (record !== null && record.sourceDigest !== sha256)
    return "an earlier attempt failed with another content of the input; this run read the corrected one";
  if (record !== null) return "started again after an attempt that failed";
  const lateMs = nowMs - scheduledMs;
  if (lateMs < HOUR_MS) return "";
  const late = lateMs < 2 * DAY_MS ? `${Math.floor(lateMs / HOUR_MS)} h` : `${Math.floor(lateMs / DAY_MS)} days`;
  return `scheduled for ${new Date(scheduledMs).toISOString()}, begun ${late} later`;
}

const byWeek = (records: ReadonlyMap<string, WeekRecord>): readonly WeekRecord[] =>
  [...records.values()].sort((a, b) => (a.week < b.week ? -1 : 1));

/** @param records sorted by week */
function summarize(records: readonly WeekRecord[], oldestWeek: string): Omit<CatchUpState, "waiting"> {
  const weeksIn = (state: WeekRecord["state"]) =>
    records.filter((record) => record.state === state && record.week >= oldestWeek).map(({ week }) => week);
  return {
    lastComplete: records.findLast(({ state }) => state === "complete")?.week ?? null,
    missed: weeksIn("missed"),
    held: records.filter(({ state, approved }) => state === "held" && !approved).map(({ week }) => week),
    failed: weeksIn("failed"),
  };
}
