import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  sql,
  text,
  timestamp,
} from "@bellwether/postgres/drizzle/drizzle";
import type { RuleForecast } from "../domain/rules/rule-set-error.ts";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });
const count = (name: string) => bigint(name, { mode: "number" });

/** Drafts of alert rule sets. A row stays after its draft was activated, so that its versions are not used again. */
export const ruleDraft = bellwether.table(
  "rule_draft",
  {
    setId: text("set_id").notNull(),
    /** Empty: the set has no draft. */
    rulesYaml: text("rules_yaml").notNull(),
    hash: text("hash").notNull(),
    version: count("version").notNull(),
    changedBy: text("changed_by").notNull(),
    changedAt: when("changed_at").notNull(),
    /** Empty: the default model. */
    modelName: text("model_name").notNull().default(""),
  },
  (t) => [primaryKey({ columns: [t.modelName, t.setId] })],
);

/**
 * Activations of drafts, and retirements of sets. Rows are added and never changed; the latest row of a rule set is its
 * active form. A retirement keeps the rules of the set, so that a release without retirements evaluates them as before.
 */
export const ruleActivation = bellwether.table(
  "rule_activation",
  {
    number: integer("number").primaryKey().generatedAlwaysAsIdentity(),
    setId: text("set_id").notNull(),
    rulesYaml: text("rules_yaml").notNull(),
    fromHash: text("from_hash").notNull(),
    /** Empty: a retirement. */
    toHash: text("to_hash").notNull(),
    /** 0: a retirement. */
    draftVersion: count("draft_version").notNull(),
    actor: text("actor").notNull(),
    reason: text("reason").notNull(),
    isForced: boolean("is_forced").notNull(),
    forecast: jsonb("forecast").$type<RuleForecast>(),
    activatedAt: when("activated_at").notNull(),
    /** Empty: the default model. */
    modelName: text("model_name").notNull().default(""),
    isRetired: boolean("is_retired").notNull().default(false),
  },
  (t) => [index("rule_activation_set").on(t.modelName, t.setId, sql`number desc`)],
);
