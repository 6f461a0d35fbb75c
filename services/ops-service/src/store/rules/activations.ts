import { and, desc, eq, lt, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { ActivatedRules } from "../../domain/rules/active-rules.ts";
import type { ActivationQuery, RuleActivation, RuleDraft, RuleTransaction } from "../../domain/rules/rule-drafts.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, InTransaction } from "../database.ts";
import { ruleActivation, ruleDraft } from "../rule-schema.ts";

/** Key of an advisory lock, an arbitrary number: drafts and activations change one after another. */
const RULE_LOCK = 724_018;
/** Maximum number of drafts that are listed. */
const MAX_DRAFTS = 200;

/** Returns the latest activation, or the retirement, of each rule set of each model. */
export function readActivations(db: Db): Promise<RuleActivation[]> {
  const latest = sql`(select max(number) from bellwether.rule_activation group by model_name, set_id)`;
  return db
    .select()
    .from(ruleActivation)
    .where(sql`${ruleActivation.number} in ${latest}`)
    .orderBy(ruleActivation.number);
}

/** The part of `readActivations` that an evaluation needs. */
export async function readActivatedRules(db: Db): Promise<readonly ActivatedRules[]> {
  return await readActivations(db);
}

/** Lists activations and retirements, newest first. */
export function listActivations(
  db: Db,
  { modelName, setId, before }: ActivationQuery,
  limit: number,
): Promise<RuleActivation[]> {
  const ofSet = setId === "" ? undefined : eq(ruleActivation.setId, setId);
  const ofModel = modelName === undefined ? undefined : eq(ruleActivation.modelName, modelName);
  return db
    .select()
    .from(ruleActivation)
    .where(and(ofModel, ofSet, before === undefined ? undefined : lt(ruleActivation.number, before)))
    .orderBy(desc(ruleActivation.number))
    .limit(limit);
}

export function listDrafts(db: Db): Promise<RuleDraft[]> {
  return db.select().from(ruleDraft).orderBy(ruleDraft.modelName, ruleDraft.setId).limit(MAX_DRAFTS);
}

/** @param modelName empty: the default model */
export async function findDraft(db: Db, modelName: string, setId: string): Promise<RuleDraft | undefined> {
  const isWanted = and(eq(ruleDraft.modelName, modelName), eq(ruleDraft.setId, setId));
  return (await db.select().from(ruleDraft).where(isWanted))[0];
}

/** Creates a function that changes rules in one transaction. */
export function createRuleTransaction(
  inTransaction: InTransaction,
  { now, newId }: { readonly now: () => Date; readonly newId: () => string },
) {
  return <T>(work: (transaction: RuleTransaction) => Promise<T>): Promise<T> =>
    inTransaction(({ db }) =>
      work({
        async lock() {
          await db.execute(sql`select pg_advisory_xact_lock(${RULE_LOCK})`);
        },
        activated: () => readActivations(db),
        draft: (modelName, setId) => findDraft(db, modelName, setId),
        async writeDraft({ modelName, setId, ...values }) {
          await db
            .insert(ruleDraft)
            .values({ modelName, setId, ...values })
            .onConflictDoUpdate({ target: [ruleDraft.modelName, ruleDraft.setId], set: values });
        },
        async addActivation(activation) {
          const [added] = await db.insert(ruleActivation).values(activation).returning();
          if (!added) throw new Error("the activation was not stored");
          return added;
        },
        async countAlerts(ruleIds, { modelName, others }) {
          const ids = sql.param([...ruleIds]);
          const ofModels =
            modelName === ""
              ? sql`model_name <> all(${sql.param([...others])}::text[])`
              : sql`model_name = ${modelName}`;
          const { rows } = await db.execute<{ open: number; inWork: number }>(sql`
            select count(*) filter (where state = 'open')::int as open, count(*) filter (where state <> 'open')::int as "inWork"
            from bellwether.alert where state <> 'resolved' and rule_id = any(${ids}::text[]) and ${ofModels}`);
          const [counted] = rows;
          if (!counted) throw new Error("the alerts were not counted");
          return counted;
        },
        async appendAudit({ payload, ...event }) {
          const us = BigInt(now().getTime()) * 1000n;
          const record = { ...event, payload: JSON.stringify(payload), eventId: newId(), occurredUs: us };
          await appendEvents(db, [record], us);
        },
      }),
    );
}
