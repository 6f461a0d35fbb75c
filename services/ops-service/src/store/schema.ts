import type { Band } from "@bellwether/contract/band-codes";
import type { Check } from "@bellwether/plausibility/check";
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  smallint,
  sql,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "@bellwether/postgres/drizzle/drizzle";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { AlertOverride, AlertSnooze, AlertTrend, ScoreChangeParts } from "../domain/alerts/alert.ts";
import type { Override, RunLosses } from "../domain/run-losses.ts";
import type { RunTotal } from "../domain/runs/run-totals.ts";
import type { ImpactFormula } from "../domain/scores/expected-impact.ts";
import type { RunFeature } from "../domain/scores/explain-score.ts";
import type {
  BandCounts,
  InputObject,
  RevisionChanges,
  RuleSetRef,
  RunDecision,
  ScoredBy,
} from "../domain/scores/run.ts";
import type { FeatureDrift } from "../domain/scores/run-drift.ts";
import type { StoredColumn } from "./stored-profile.ts";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 6 });
const count = (name: string) => bigint(name, { mode: "number" });

/** Regions and categories by number, so that a score row stores only the number. */
export const label = bellwether.table(
  "label",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    kind: text("kind", { enum: ["region", "category"] }).notNull(),
    value: text("value").notNull(),
  },
  (t) => [unique().on(t.kind, t.value)],
);

export const supplier = bellwether.table(
  "supplier",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    externalId: text("external_id").notNull().unique(),
    name: text("name").notNull().default(""),
    regionId: integer("region_id").references(() => label.id),
    categoryId: integer("category_id").references(() => label.id),
    exposure: doublePrecision("exposure"),
    /** ISO 4217. Empty: the currency of the risk policy. */
    exposureCurrency: text("exposure_currency").notNull().default(""),
    /** Number of `criticalityFromNumber`. */
    criticality: smallint("criticality").notNull().default(0),
    owner: text("owner").notNull().default(""),
    /** Bits (MASTER_FIELDS) of the fields that master data has set. The weekly file does not change these fields. */
    masterFields: smallint("master_fields").notNull().default(0),
  },
  (t) => [index("supplier_owner").on(t.owner).where(sql`owner <> ''`)],
);

/**
 * Keys by which suppliers are searched and ordered by name, one row per supplier. They are not in the table
 * supplier, so that a new exposure does not write their indexes again. The columns have the collation "C".
 */
export const supplierSearch = bellwether.table(
  "supplier_search",
  {
    // Without a foreign key, whose check would cost more than writing the row. Suppliers are never deleted.
    supplierId: integer("supplier_id").primaryKey(),
    idKey: text("id_key").notNull(),
    nameKey: text("name_key").notNull(),
  },
  (t) => [index("supplier_search_id").on(t.idKey), index("supplier_search_name").on(t.nameKey, t.supplierId)],
);

/**
 * Suppliers whose search keys are written after the transaction that named them: see `writePendingKeys`. A supplier
 * can be listed more than once.
 */
export const supplierSearchPending = bellwether.table("supplier_search_pending", {
  supplierId: integer("supplier_id").notNull(),
});

/** Answers to imports of master data, for requests that a client repeats. */
export const supplierImport = bellwether.table(
  "supplier_import",
  {
    requestId: uuid("request_id").primaryKey(),
    /** SHA-256 of the request, lower-case hex. */
    digest: text("digest").notNull(),
    answer: jsonb("answer").notNull(),
    createdAt: when("created_at").notNull().defaultNow(),
  },
  (t) => [index().on(t.createdAt)],
);

/** Keys of requests that clients may send again, with the first answer. */
export const requestKey = bellwether.table(
  "request_key",
  {
    caller: text("caller").notNull(),
    key: text("key").notNull(),
    /** SHA-256 of method and content, lower-case hex. */
    digest: text("digest").notNull(),
    /** The answer's message in base64. Null: not answered, or in part. */
    answer: text("answer"),
    createdAt: when("created_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.caller, t.key] }), index("request_key_created").on(t.createdAt)],
);

export const runState = bellwether.enum("run_state", [
  "running",
  "complete",
  "failed",
  "held",
  "missed",
  "voided",
  "superseded",
]);
export const runStage = bellwether.enum("run_stage", [
  "none",
  "ingest",
  "validate",
  "score",
  "drift",
  "complete",
  "report",
]);

/**
 * Weekly runs: one row per revision of an ISO week and model. At most one of them is complete, and at most one is
 * neither complete nor voided nor superseded.
 */
export const run = bellwether.table(
  "run",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    isoWeek: text("iso_week").notNull(),
    modelName: text("model_name").notNull(),
    state: runState("state").notNull().default("running"),
    stage: runStage("stage").notNull().default("none"),
    /** Number of the current holder of the run. A higher fence makes the leases with lower ones invalid. */
    fence: count("fence").notNull(),
    holder: text("holder").notNull(),
    previousRunId: integer("previous_run_id"),
    rowsRead: count("rows_read"),
    rowsRejected: count("rows_rejected").notNull().default(0),
    rowsScored: count("rows_scored").notNull().default(0),
    /** Rows that could not be scored, or are a second row of the same supplier. */
    rowsInvalid: count("rows_faulty").notNull().default(0),
    chunksReceived: integer("chunks_received").notNull().default(0),
    chunksTotal: integer("chunks_total"),
    /** Number of suppliers in each chunk but the last one. 0: not recorded. */
    chunkRows: integer("chunk_rows").notNull().default(0),
    inputDigest: text("input_digest").notNull().default(""),
    sourceDigest: text("source_digest").notNull().default(""),
    configHash: text("config_hash").notNull().default(""),
    policyHash: text("policy_hash").notNull().default(""),
    ruleSets: jsonb("rule_sets").$type<readonly RuleSetRef[]>().notNull().default([]),
    losses: jsonb("losses").$type<RunLosses>(),
    overtakenBy: text("overtaken_by").notNull().default(""),
    forceFuture: jsonb("force_future").$type<Override>(),
    /**
     * The model version that scored the run. The first chunk of the run sets it, and all other chunks must
     * have the same value.
     */
    scoredBy: jsonb("scored_by").$type<ScoredBy>(),
    /** The formula of the impacts, set by the first chunk. Null: score × exposure, of an earlier release. */
    impactFormula: jsonb("impact_formula").$type<ImpactFormula>(),
    /** Sums over the scores, by band. Null: not complete, or completed by an earlier release. */
    totals: jsonb("totals").$type<readonly RunTotal[]>(),
    /** Whether the scores are in the table score_history. */
    historyStored: boolean("history_stored").notNull().default(false),
    alertsRaised: integer("alerts_raised").notNull().default(0),
    bands: jsonb("bands").$type<BandCounts>().notNull().default({}),
    drift: jsonb("drift").$type<readonly FeatureDrift[]>().notNull().default([]),
    startedAt: when("started_at").notNull().defaultNow(),
    completedAt: when("completed_at"),
    /** Time of the last write of the holder, by the clock of the database. Null: of an earlier release. */
    lastWriteAt: when("last_write_at"),
    failure: text("failure").notNull().default(""),
    revision: integer("revision").notNull().default(1),
    checks: jsonb("checks").$type<readonly Check[]>().notNull().default([]),
    checksFailed: integer("checks_failed").notNull().default(0),
    approved: jsonb("approved").$type<RunDecision>(),
    voided: jsonb("voided").$type<RunDecision>(),
    supersedeRequested: jsonb("supersede_requested").$type<RunDecision>(),
    supersedesRunId: integer("supersedes_run_id"),
    supersededByRunId: integer("superseded_by_run_id"),
    changes: jsonb("changes").$type<RevisionChanges>(),
    asOf: text("as_of").notNull().default(""),
    missedReason: text("missed_reason").notNull().default(""),
    /**
     * Time from which no reader uses the scores, because they are older than the retention. Later their tables and the
     * rows of the histories are removed.
     */
    scoresExpiredAt: when("scores_expired_at"),
    /** Null: the tables of the scores exist, at least in part. */
    scoresRemovedAt: when("scores_removed_at"),
    /** Number of features of the model. Null: not recorded. */
    featureCount: integer("feature_count"),
    contentDigest: text("content_digest").notNull().default(""),
    inputObjects: jsonb("input_objects").$type<readonly InputObject[]>().notNull().default([]),
  },
  // No further index: each is locked by every read of suppliers. The lock of a model keeps two revisions of a week from being
  // completed at the same time.
  (t) => [unique("run_revision").on(t.isoWeek, t.modelName, t.revision)],
);

/** The profile of the input of a run, apart from the run: it can have thousands of columns. */
export const runProfile = bellwether.table("run_profile", {
  runId: integer("run_id")
    .primaryKey()
    .references(() => run.id),
  profile: jsonb("profile").$type<readonly StoredColumn[]>().notNull(),
});

/** The report of a complete run, as it was when the run was complete, apart from the run. */
export const runReport = bellwether.table("run_report", {
  runId: integer("run_id")
    .primaryKey()
    .references(() => run.id),
  /** JSON. Not jsonb, which would change the order of its fields. */
  report: text("report").notNull(),
});

/**
 * Features of the model that scored a run, in the order of the feature values in the run's chunks. The first
 * chunk that contains feature values writes the row of the run; later chunks must have the same features.
 */
export const runFeatures = bellwether.table("run_features", {
  runId: integer("run_id")
    .primaryKey()
    .references(() => run.id),
  features: jsonb("features").$type<readonly RunFeature[]>().notNull(),
});

/** Receipts of chunks. A chunk that is listed here is never written again. */
export const runChunk = bellwether.table(
  "run_chunk",
  {
    runId: integer("run_id")
      .notNull()
      .references(() => run.id),
    chunk: smallint("chunk").notNull(),
    fence: count("fence").notNull(),
    rowsScored: integer("rows_scored").notNull(),
    rowsInvalid: integer("rows_faulty").notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.chunk] })],
);

export const alertSeverity = bellwether.enum("alert_severity", ["warning", "critical"]);
export const alertState = bellwether.enum("alert_state", ["open", "acknowledged", "resolved", "in_mitigation"]);
export const disposition = bellwether.enum("disposition", [
  "mitigated",
  "accepted",
  "false_alarm",
  "cleared",
  "lapsed",
  "replaced",
  "false_data",
  "false_model",
  "duplicate",
  "void",
]);
export const alertEventKind = bellwether.enum("alert_event_kind", [
  "raised",
  "escalated",
  "acknowledged",
  "resolved",
  "reopened",
  "deescalated",
  "mitigation_started",
  "assigned",
  "snoozed",
  "woken",
  "commented",
  "overridden",
  "override_ended",
  "undone",
  "voided",
]);

/** Numbers the transactions that change alerts, when they begin to write. */
export const alertChange = bellwether.sequence("alert_change");

/**
 * Transactions that changed alerts, in the order of their commits: a reader that sees a sequence sees every
 * lower one too. Each transaction adds its row last, under a lock that it keeps until it ends.
 */
export const alertTransaction = bellwether.table("alert_transaction", {
  sequence: count("sequence").primaryKey().generatedAlwaysAsIdentity(),
  changeId: count("change_id").notNull().unique(),
});

export const alert = bellwether.table(
  "alert",
  {
    id: uuid("id").primaryKey(),
    supplierId: integer("supplier_id")
      .notNull()
      .references(() => supplier.id),
    modelName: text("model_name").notNull(),
    ruleId: text("rule_id").notNull(),
    dimension: text("dimension").notNull(),
    severity: alertSeverity("severity").notNull(),
    state: alertState("state").notNull(),
    disposition: disposition("disposition"),
    riskScore: doublePrecision("risk_score").notNull(),
    raisedRunId: integer("raised_run_id")
      .notNull()
      .references(() => run.id),
    lastRunId: integer("last_run_id")
      .notNull()
      .references(() => run.id),
    raisedAt: when("raised_at").notNull(),
    changedAt: when("changed_at").notNull(),
    resolvedAt: when("resolved_at"),
    acknowledgedBy: text("acknowledged_by").notNull().default(""),
    summary: text("summary").notNull(),
    changeId: count("change_id").notNull(),
    /** Id of the alert that replaced this one. */
    replacedBy: uuid("replaced_by").references((): AnyPgColumn => alert.id),
    ruleSeverity: alertSeverity("rule_severity").notNull(),
    band: text("band").$type<Band>(),
    expectedImpact: doublePrecision("expected_impact"),
    scoreChange: doublePrecision("score_change"),
    trend: text("trend").$type<AlertTrend>().notNull().default("same"),
    signals: count("signals").notNull().default(1),
    changedBy: text("changed_by").notNull().default(""),
    resolvedBy: text("resolved_by").notNull().default(""),
    version: count("version").notNull().default(1),
    owner: text("owner").notNull().default(""),
    snooze: jsonb("snooze").$type<AlertSnooze>(),
    snoozedUntil: when("snoozed_until"),
    override: jsonb("override").$type<AlertOverride>(),
    overrideUntil: when("override_until"),
    acceptedUntil: when("accepted_until"),
    duplicateOf: uuid("duplicate_of").references((): AnyPgColumn => alert.id),
    scoreChangeParts: jsonb("score_change_parts").$type<ScoreChangeParts>(),
  },
  (t) => [
    unique().on(t.supplierId, t.modelName, t.ruleId, t.dimension),
    // Replaced by a start, as the one of active alerts below: see concurrent-indexes.ts.
    index("alert_decided").on(t.resolvedAt, t.id).where(sql`resolved_by <> ''`),
    // Index in the order of lists, which are read backwards. Without it, lists of active alerts would read
    // years of resolved alerts.
    index("alert_by_impact").on(t.severity, sql`coalesce(expected_impact, -1)`, t.riskScore, t.id),
    index("alert_active_by_impact")
      .on(t.severity, sql`coalesce(expected_impact, -1)`, t.riskScore, t.id)
      .where(sql`state <> 'resolved'`),
    index().on(t.changeId),
  ],
);

export const alertEvent = bellwether.table(
  "alert_event",
  {
    id: count("id").primaryKey().generatedAlwaysAsIdentity(),
    alertId: uuid("alert_id")
      .notNull()
      .references(() => alert.id),
    kind: alertEventKind("kind").notNull(),
    occurredAt: when("occurred_at").notNull(),
    actor: text("actor").notNull(),
    note: text("note").notNull().default(""),
    riskScore: doublePrecision("risk_score"),
    detail: text("detail").notNull().default(""),
    /** 0: written by an earlier version of the service. */
    version: count("version").notNull().default(0),
    seenVersion: count("seen_version"),
    contentHash: text("content_hash"),
    before: jsonb("before").$type<Readonly<Record<string, unknown>>>(),
    /** The run whose evaluation made the entry, or that was withdrawn. Null: of an earlier release, or not about a run. */
    runId: integer("run_id"),
    scoreChangeParts: jsonb("score_change_parts").$type<ScoreChangeParts>(),
  },
  (t) => [
    index().on(t.alertId, t.id.desc().nullsFirst()),
    // The changes of a week. New entries are at its end, where writing is cheapest.
    index("alert_event_at").on(t.occurredAt, t.kind),
    // Each version of an alert is the base of at most one action.
    uniqueIndex("alert_event_action").on(t.alertId, t.seenVersion).where(sql`seen_version is not null`),
  ],
);

/**
 * What a run changed in alerts, so that the run can be withdrawn. Changes of values alone are kept for the latest
 * evaluated run of a model; older ones are deleted.
 */
export const alertRunChange = bellwether.table(
  "alert_run_change",
  {
    runId: integer("run_id")
      .notNull()
      .references(() => run.id),
    alertId: uuid("alert_id")
      .notNull()
      .references(() => alert.id),
    /** The alert before the run. Null: the run raised it, or only values changed. */
    before: jsonb("before").$type<Readonly<Record<string, unknown>>>(),
    /** The alert after the run. Null: only values changed. */
    after: jsonb("after").$type<Readonly<Record<string, unknown>>>(),
    /** The replaced values, by column. Null: more than values changed. */
    values: jsonb("values").$type<Readonly<Record<string, unknown>>>(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.alertId] })],
);

/**
 * Values that runs have for alerts, in parts, until the part is written to the alerts: see run-values.ts. A part is stored
 * with the run and removed with the write.
 */
export const alertValuesPending = bellwether.table("alert_values_pending", {
  id: count("id").primaryKey().generatedAlwaysAsIdentity(),
  runId: integer("run_id")
    .notNull()
    .references(() => run.id),
  /** An array of objects: the columns that every run updates, and how the rules have seen the alert. */
  values: jsonb("values").$type<readonly Readonly<Record<string, unknown>>[]>().notNull(),
});

/**
 * The audit log. Times are microseconds since 1970, as integers: the hash includes them, so no driver must
 * round them.
 */
export const auditEvent = bellwether.table(
  "audit_event",
  {
    sequence: count("sequence").primaryKey(),
    eventId: uuid("event_id").notNull().unique(),
    kind: text("kind").notNull(),
    actor: text("actor").notNull(),
    subject: text("subject").notNull(),
    occurredUs: bigint("occurred_us", { mode: "bigint" }).notNull(),
    recordedUs: bigint("recorded_us", { mode: "bigint" }).notNull(),
    /** Null: the payload was erased. */
    payload: text("payload"),
    payloadHash: text("payload_hash").notNull(),
    previousHash: text("previous_hash").notNull(),
    hash: text("hash").notNull(),
    /** Form of the hash. An earlier release writes no value while both run: its form is 1. */
    hashVersion: smallint("hash_version").notNull().default(1),
    /** Null in version 1. */
    recordedBy: text("recorded_by"),
    /** Part of what the payload's hash covers. Null in version 1, and when the payload was erased. */
    salt: text("salt"),
  },
  // The indexes are read backwards. A new event is therefore at the end of most of them, where writing is
  // cheapest.
  (t) => [
    index().on(t.occurredUs, t.sequence),
    index().on(t.kind, t.occurredUs, t.sequence),
    index().on(t.subject, t.occurredUs, t.sequence),
    index().on(t.actor, t.occurredUs, t.sequence),
  ],
);

/** Table of one row, the head of the audit log. Writers lock the row, so that they append one after another. */
export const auditHead = bellwether.table("audit_head", {
  one: boolean("one").primaryKey().default(true),
  sequence: count("sequence").notNull(),
  hash: text("hash").notNull(),
});

/** Signed heads of the audit log. Rows are added and never changed. */
export const auditCheckpoint = bellwether.table("audit_checkpoint", {
  sequence: count("sequence").primaryKey(),
  hash: text("hash").notNull(),
  createdAt: text("created_at").notNull(),
  keyId: text("key_id").notNull(),
  signature: text("signature").notNull(),
});

/** The last sequence of each producer of events, so that a missing event is noticed. */
export const auditProducer = bellwether.table("audit_producer", {
  producer: uuid("producer").primaryKey(),
  lastSequence: count("last_sequence").notNull(),
});
