import { type Check, describeFailed } from "@bellwether/plausibility/check";
import { describeLosses } from "@bellwether/plausibility/losses";
import type { RunLosses } from "./run-losses.ts";

/** No run has this id, or this week and model. */
export class RunNotFoundError extends Error {
  override readonly name = "RunNotFoundError" as const;
  /** @param which the run that does not exist, for example "run 12" or "a run of 2026-W47"; @param why what there is instead. Empty: nothing */
  constructor(which: string, why = "") {
    super(`${which} does not exist${why && `: ${why}`}; ListRuns lists the runs`);
  }
}

/** An earlier release completed the run, and stored no report. */
export class ReportNotFoundError extends Error {
  override readonly name = "ReportNotFoundError" as const;
  constructor(isoWeek: string) {
    super(
      `the run of ${isoWeek} has no report: the retention has removed it (retention.report_weeks), or an earlier release completed the run; GetWeek has its summary`,
    );
  }
}

/** No erasure has the id. */
export class ErasureNotFoundError extends Error {
  override readonly name = "ErasureNotFoundError" as const;
  constructor(erasureId: number) {
    super(`no erasure has the id ${erasureId}; ListErasures lists them`);
  }
}

/** Another holder has taken the run over. */
export class RunFencedError extends Error {
  override readonly name = "RunFencedError" as const;
  constructor(runId: number, fence: number) {
    super(
      `run ${runId}: fence ${fence} is no longer valid, because another holder has taken the run over; stop writing, or start the run again`,
    );
  }
}

/** The run of the week is in progress at another holder, and cannot be replaced or voided. */
export class RunUnderWayError extends Error {
  override readonly name = "RunUnderWayError" as const;
  /** @param lockS seconds without a write after which the holder counts as gone */
  constructor(isoWeek: string, holder: string, lockS: number) {
    super(
      `a run of ${isoWeek} is in progress (${holder}); it can neither be replaced nor voided: wait for its end or stop it. If its process is gone, try again ${lockS} s after its last write`,
    );
  }
}

/** The run is complete: its scores cannot change. */
export class RunCompleteError extends Error {
  override readonly name = "RunCompleteError" as const;
  constructor(runId: number) {
    super(`run ${runId} is complete; its scores do not change any more`);
  }
}

/** A check of the run's input failed, and a person has to decide. */
export class RunHeldError extends Error {
  override readonly name = "RunHeldError" as const;
  constructor(runId: number) {
    super(`run ${runId} is held, because a check of its input failed; approve it (ApproveRun) or void it (VoidRun)`);
  }
}

/** A run, with what a person calls it. */
interface NamedRun {
  readonly id: number;
  readonly isoWeek: string;
  readonly revision: number;
  readonly state: string;
}

/** The state of the run does not allow the call. */
export class RunStateError extends Error {
  override readonly name = "RunStateError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  /** @param way what the state does not allow, and what the caller can do */
  constructor({ id, isoWeek, revision, state }: NamedRun, way: string) {
    super(`revision ${revision} of ${isoWeek} (run ${id}) is ${state}: ${way}`);
    this.metadata = { run_id: String(id), state };
  }
}

/** HoldRun was called without a failed check. */
export class RunChecksError extends Error {
  override readonly name = "RunChecksError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor() {
    const description = "has no check with the outcome FAILED; a run is held only for a failed check";
    super(`checks: ${description}`);
    this.fieldViolations = [{ field: "checks", description }];
  }
}

/** Checks of the run's input failed, and nobody approved the run: nothing of it is published. */
export class ChecksFailedError extends Error {
  override readonly name = "ChecksFailedError" as const;
  readonly losses: RunLosses;
  constructor(isoWeek: string, failed: readonly Check[], losses: RunLosses) {
    super(
      `${isoWeek} is held: ${describeFailed(failed)}; correct the file and run the week again, approve the run (ApproveRun), or void it (VoidRun)`,
    );
    this.losses = losses;
  }
}

/** A request does not match what the run received before. */
export class RunMismatchError extends Error {
  override readonly name = "RunMismatchError" as const;
}

/**
 * The run lost more than the risk policy allows, and nobody accepted the losses: nothing of it is published.
 */
export class LossLimitError extends Error {
  override readonly name = "LossLimitError" as const;
  readonly losses: RunLosses;
  constructor(isoWeek: string, losses: RunLosses) {
    super(
      `${isoWeek} is held: ${describeLosses(losses)}; correct the file and run the week again, approve the run (ApproveRun), void it (VoidRun), or accept the losses with a reason (accept_losses)`,
    );
    this.losses = losses;
  }
}

/** Columns of a chunk have different numbers of rows, or contain an invalid value. */
export class ChunkShapeError extends Error {
  override readonly name = "ChunkShapeError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** No alert has this id. */
export class AlertNotFoundError extends Error {
  override readonly name = "AlertNotFoundError" as const;
  constructor(alertId: string) {
    super(`alert ${alertId} does not exist; ListAlerts lists the alerts`);
  }
}

/** The alert is resolved. Its rule, or a person, can open it again. */
export class AlertResolvedError extends Error {
  override readonly name = "AlertResolvedError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(alertId: string, disposition: string) {
    super(`alert ${alertId} is resolved (${disposition}); open it again first`);
    this.metadata = { state: "resolved", disposition };
  }
}

/** The state of the alert does not allow the action. */
export class AlertStateError extends Error {
  override readonly name = "AlertStateError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(alertId: string, state: string, what: string) {
    super(`alert ${alertId} is in the state ${state}: it cannot be ${what}`);
    this.metadata = { state };
  }
}

/** Somebody, or a rule, changed the alert after the version that the caller saw. */
export class AlertChangedError extends Error {
  override readonly name = "AlertChangedError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(
    { id, version, state, changedBy }: { id: string; version: number; state: string; changedBy: string },
    seenVersion: number,
  ) {
    const who = changedBy === "" ? "" : `, changed by ${changedBy}`;
    super(
      `alert ${id} has the version ${version} (${state}${who}), not ${seenVersion}; read it again, then decide again`,
    );
    this.metadata = { version: String(version), state, changed_by: changedBy };
  }
}

/** Another transaction changes the alert just now. */
export class AlertBusyError extends Error {
  override readonly name = "AlertBusyError" as const;
  readonly retryAfterMs = 500;
  constructor(options?: ErrorOptions) {
    super("another transaction changes the alert just now, and nothing was changed; try again", options);
  }
}

/** A value of an action is not valid. */
export class AlertActionError extends Error {
  override readonly name = "AlertActionError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** A text that a person typed has characters that it must not have. */
export class TypedTextError extends Error {
  override readonly name = "TypedTextError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** There is no action that the caller can undo. */
export class AlertUndoError extends Error {
  override readonly name = "AlertUndoError" as const;
  constructor(alertId: string, why: string) {
    super(`nothing to undo on alert ${alertId}: ${why}`);
  }
}

/** An error about one alert that an action can end with. */
export type ActionError =
  | AlertNotFoundError
  | AlertResolvedError
  | AlertStateError
  | AlertChangedError
  | AlertBusyError
  | AlertActionError
  | AlertUndoError;

const ACTION_ERRORS = [
  ...[AlertNotFoundError, AlertResolvedError, AlertStateError, AlertChangedError],
  ...[AlertBusyError, AlertActionError, AlertUndoError],
];

export function isActionError(error: unknown): error is ActionError {
  return ACTION_ERRORS.some((type) => error instanceof type);
}

/** A watch should begin after a position that the service does not know. */
export class AlertSequenceError extends Error {
  override readonly name = "AlertSequenceError" as const;
  constructor(after: number, head: number) {
    super(
      `after_sequence ${after} is higher than the last position ${head}: the database may have been restored; open the watch without it, then list the alerts`,
    );
  }
}

/** No supplier has this id. */
export class SupplierNotFoundError extends Error {
  override readonly name = "SupplierNotFoundError" as const;
  constructor(supplierId: string) {
    super(`supplier ${JSON.stringify(supplierId)} does not exist; ListSuppliers lists the suppliers`);
  }
}

/** A run has not stored all that was scored, so its scores cannot be explained again. */
export class InputNotStoredError extends Error {
  override readonly name = "InputNotStoredError" as const;
  /** What is missing, for example "the values of the features". */
  readonly what: string;
  constructor(isoWeek: string, what: string) {
    super(
      `the run of ${isoWeek} has not stored ${what}: runs of earlier releases did not, and runs whose chunks would be too large; GetSupplier returns the contributions that were stored`,
    );
    this.what = what;
  }
}

/** The version that scored is not in the registry any more. */
export class VersionGoneError extends Error {
  override readonly name = "VersionGoneError" as const;
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `${reason}, so the score cannot be explained again; GetSupplier returns the contributions that were stored`,
      options,
    );
  }
}

/** A model has no score of a supplier in a week. */
export class ScoreNotFoundError extends Error {
  override readonly name = "ScoreNotFoundError" as const;
  constructor(supplierId: string, modelName: string, which: string) {
    super(
      `${modelName || "the default model"} has no score of supplier ${JSON.stringify(supplierId)} ${which}; GetSupplier lists its scores`,
    );
  }
}

/** The id of an import was used for another import. */
export class ImportMismatchError extends Error {
  override readonly name = "ImportMismatchError" as const;
  constructor(requestId: string) {
    super(`request_id ${requestId} was used for another import; use a new id for each request`);
  }
}

/** The header Idempotency-Key is not a key. */
export class RequestKeyFormError extends Error {
  override readonly name = "RequestKeyFormError" as const;
  readonly fieldViolations = [
    { field: "idempotency-key", description: "expected 1 to 255 visible ASCII characters, for example a UUID" },
  ];
  constructor() {
    super("the header Idempotency-Key is not valid; send 1 to 255 visible ASCII characters, for example a UUID");
  }
}

/** An Idempotency-Key was used for another request. */
export class RequestKeyMismatchError extends Error {
  override readonly name = "RequestKeyMismatchError" as const;
  constructor(key: string) {
    super(`the Idempotency-Key ${JSON.stringify(key)} was used for another request; use a new key for each request`);
  }
}

/** A caller has used more keys than are kept. */
export class RequestKeyLimitError extends Error {
  override readonly name = "RequestKeyLimitError" as const;
  constructor(limit: number, hours: number) {
    super(
      `at most ${limit} values of Idempotency-Key of a caller are kept for ${hours} hours; send the request without one`,
    );
  }
}

/** The model has no run, and the registry has no version of it. */
export class ModelNotFoundError extends Error {
  override readonly name = "ModelNotFoundError" as const;
  constructor(modelName: string) {
    super(
      `the model ${JSON.stringify(modelName)} has no run, and no version in the registry; publish a version of it, or correct the name in model_config.yaml`,
    );
  }
}

/** No run of this model is complete. */
export class ModelNotScoredError extends Error {
  override readonly name = "ModelNotScoredError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  /** @param known all models with complete runs */
  constructor(modelName: string, known: readonly string[]) {
    const some = known.slice(0, SHOWN_MODELS).join(", ") + (known.length > SHOWN_MODELS ? ", …" : "");
    const wayOut = some === "" ? "no model has one yet" : `models that have one: ${some}`;
    super(`no complete run of the model ${JSON.stringify(modelName)}; ${wayOut}`);
    this.fieldViolations = [{ field: "model_name", description: `has no complete run; ${wayOut}` }];
  }
}

const SHOWN_MODELS = 20;

/** An audit event is not valid, so it cannot be recorded. */
export class AuditEventError extends Error {
  override readonly name = "AuditEventError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** An event has the id of a recorded event, and other content. */
export class AuditEventConflictError extends Error {
  override readonly name = "AuditEventConflictError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  /** @param field the first field that differs */
  constructor(eventId: string, field: string) {
    super(
      `the id ${eventId} belongs to a recorded event with another ${field}; nothing of the message was recorded: give each event an id of its own`,
    );
    this.metadata = { event_id: eventId, field };
  }
}

/** A caller may not report events of this kind. */
export class AuditKindError extends Error {
  override readonly name = "AuditKindError" as const;
  readonly metadata: Readonly<Record<string, string>>;
  /** @param way who records events of the kind */
  constructor(kind: string, caller: string, way: string) {
    super(`${JSON.stringify(caller)} may not report events of the kind ${kind}: ${way}`);
    this.metadata = { kind };
  }
}

/** A checkpoint in a request is not one, or this log's key has not signed it. */
export class AuditCheckpointError extends Error {
  override readonly name = "AuditCheckpointError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}

/** The audit log has no prediction and no event with this id. */
export class DecisionNotFoundError extends Error {
  override readonly name = "DecisionNotFoundError" as const;
  constructor(id: string) {
    super(
      `the audit log has no prediction and no event ${id}; the events of the last seconds can still be on their way, and QueryEvents lists those that are recorded`,
    );
  }
}

/** The database does not answer, or it ended the transaction. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError" as const;
  readonly retryAfterMs = 1_000;
  constructor(options?: ErrorOptions) {
    super("the database does not answer; try again", options);
  }
}

/** The disk of the database is full: PostgreSQL answers, but can write nothing. */
export class DatabaseFullError extends Error {
  override readonly name = "DatabaseFullError" as const;
  readonly retryAfterMs = 10_000;
  constructor(options?: ErrorOptions) {
    super(
      "the disk of the database is full: nothing can be written until space is free; what is stored can be read",
      options,
    );
  }
}

/** Too many calls wait for the database: one more could not be answered in time. */
export class DatabaseBusyError extends Error {
  override readonly name = "DatabaseBusyError" as const;
  readonly retryAfterMs = 1_000;
  constructor(options?: ErrorOptions) {
    super("more calls wait for the database than it can serve in time; try again", options);
  }
}

/** A query reached its time limit: it waited for a lock, or the database is overloaded. */
export class DatabaseTimeoutError extends Error {
  override readonly name = "DatabaseTimeoutError" as const;
  readonly retryAfterMs = 1_000;
  constructor(options?: ErrorOptions) {
    super("the database did not finish the query in time; try again", options);
  }
}

/** ml-service, which computes scores and explanations, does not answer. */
export class ModelServiceUnavailableError extends Error {
  override readonly name = "ModelServiceUnavailableError" as const;
  readonly retryAfterMs = 1_000;
  constructor(options?: ErrorOptions) {
    super(
      "ml-service does not answer: scores and explanations are not available until it does; all other calls are",
      options,
    );
  }
}

/** A page token that this list did not return. */
export class PageTokenError extends Error {
  override readonly name = "PageTokenError" as const;
  readonly fieldViolations = [
    { field: "page_token", description: "use next_page_token of the previous page, unchanged" },
  ];
  constructor() {
    super("page_token does not belong to this list; use next_page_token of the previous page, unchanged");
  }
}

/** A client reads a watch too slowly: too many changes wait for it. */
export class WatchTooSlowError extends Error {
  override readonly name = "WatchTooSlowError" as const;
  constructor() {
    super("the client reads the watch too slowly, so the server ended it; open the watch again, then list again");
  }
}

/** A parameter of a REST path is not valid. */
export class QueryError extends Error {
  override readonly name = "QueryError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(field: string, description: string) {
    super(`${field}: ${description}`);
    this.fieldViolations = [{ field, description }];
  }
}
