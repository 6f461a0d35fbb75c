import {
  bigint,
  boolean,
  date,
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
  uniqueIndex,
  uuid,
} from "@bellwether/postgres/drizzle/drizzle";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { run, supplier } from "./schema.ts";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 6 });
const count = (name: string) => bigint(name, { mode: "number" });

/** Outcomes. A row never changes, except that `replaced_by` is set once: a correction is another row. */
export const outcome = bellwether.table(
  "outcome",
  {
    id: uuid("id").primaryKey(),
    /** Position in the order of the lists. */
    number: count("number").notNull().unique().generatedAlwaysAsIdentity(),
    supplierId: integer("supplier_id")
      .notNull()
      .references(() => supplier.id),
    modelName: text("model_name").notNull(),
    occurred: boolean("occurred").notNull(),
    /** Empty: the outcome is about the weeks whose horizon contains `happened_on`. */
    isoWeek: text("iso_week").notNull().default(""),
    happenedOn: date("happened_on", { mode: "string" }),
    knownOn: date("known_on", { mode: "string" }).notNull(),
    /** The week of the outcome, or without a week its day. Only one outcome counts for the same week or day. */
    about: text("about").notNull(),
    source: text("source", { enum: ["file", "call", "review"] }).notNull(),
    predictionId: uuid("prediction_id"),
    note: text("note").notNull().default(""),
    recordedBy: text("recorded_by").notNull(),
    recordedAt: when("recorded_at").notNull(),
    replaces: uuid("replaces").references((): AnyPgColumn => outcome.id),
    /** Without a foreign key: it is set before the row that replaces this one is inserted, so that at most one counts. */
    replacedBy: uuid("replaced_by"),
    withdrawn: boolean("withdrawn").notNull().default(false),
  },
  (t) => [
    uniqueIndex("outcome_current")
      .on(t.supplierId, t.modelName, t.about)
      .where(sql`replaced_by is null and not withdrawn`),
    index("outcome_model").on(t.modelName, t.number),
  ],
);

/** Answers to RecordOutcomes, for requests that a client repeats. */
export const outcomeRequest = bellwether.table(
  "outcome_request",
  {
    requestId: uuid("request_id").primaryKey(),
    /** SHA-256 of the request, lower-case hex. */
    digest: text("digest").notNull(),
    answer: jsonb("answer").notNull(),
    createdAt: when("created_at").notNull().defaultNow(),
  },
  (t) => [index("outcome_request_created").on(t.createdAt)],
);

/** Runs with a review sample. */
export const reviewRun = bellwether.table("review_run", {
  runId: integer("run_id")
    .primaryKey()
    .references(() => run.id),
  /** Number of suppliers with a score and without an open alert when the sample was drawn. */
  frame: integer("frame").notNull(),
  seed: count("seed").notNull(),
  drawnAt: when("drawn_at").notNull().defaultNow(),
});

/** Suppliers of the review samples. */
export const review = bellwether.table(
  "review",
  {
    runId: integer("run_id")
      .notNull()
      .references(() => reviewRun.runId),
    supplierId: integer("supplier_id")
      .notNull()
      .references(() => supplier.id),
  },
  (t) => [primaryKey({ columns: [t.runId, t.supplierId] })],
);

/**
 * Scores of expired runs, without explanations, so that late outcomes join them: arrays of up to KEPT_SLICE suppliers, which PostgreSQL
 * compresses.
 */
export const keptScore = bellwether.table(
  "kept_score",
  {
    runId: integer("run_id")
      .notNull()
      .references(() => run.id),
    slice: smallint("slice").notNull(),
    suppliers: integer("suppliers").array().notNull(),
    scores: doublePrecision("scores").array().notNull(),
    regions: integer("regions").array().notNull(),
    categories: integer("categories").array().notNull(),
    exposures: doublePrecision("exposures").array().notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.slice] })],
);

/**
 * What the newest scorecard of the model computes from the stored features of a run, for comparison. The scores are not those of the run:
 * nobody was alerted because of them.
 */
export const scorecardRun = bellwether.table("scorecard_run", {
  runId: integer("run_id")
    .primaryKey()
    .references(() => run.id),
  modelVersion: text("model_version").notNull(),
  bundleDigest: text("bundle_digest").notNull(),
  computedAt: when("computed_at").notNull().defaultNow(),
  /** True: the run has other features than the scorecard, so it has no scores of it. */
  otherFeatures: boolean("other_features").notNull(),
  /** Number of these suppliers with a category whose text the run has not stored. */
  unknownCategories: integer("unknown_categories").notNull(),
  /** Share of the suppliers of the run that were scored, in (0, 1]. Below 1: there were too many. */
  share: doublePrecision("share").notNull(),
  suppliers: integer("suppliers").array().notNull(),
  scores: doublePrecision("scores").array().notNull(),
});
