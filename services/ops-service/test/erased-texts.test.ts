import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AlertSeverity, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { type AlertActionSchema, AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import {
  CheckKind,
  CheckOutcome,
  ColumnKind,
  DriftAspect,
  DriftKind,
  DriftOutcome,
  DriftReference,
  RunStage,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { DelegationService } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { ErasureService } from "@bellwether/gen/bellwether/ops/v1/erasure_service_pb";
import { ExternalScoreService } from "@bellwether/gen/bellwether/ops/v1/external_score_service_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { SessionService } from "@bellwether/gen/bellwether/ops/v1/session_service_pb";
import { SupplierMergeService } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { OnConflict, SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { WatchlistService } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { type DescMessage, type MessageInitShape, ScalarType } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel, type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { NAMED_PLACES } from "../src/store/erasures/named-places.ts";
import { type OpsHarness, runWeek, startOps, testChunk } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** The name of the supplier, and a person in texts about it. Neither is in any other text. */
const [NAME, PERSON] = ["Quendel & Söhne KG", "Zyrafa"];
const NAMED = `as QUENDEL & söhne kg says`;
const ABOUT = `${PERSON} of ${NAME}`;

let cluster: PostgresServer;
let pool: PostgresPool;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
  const url = await cluster.createDatabase();
  ops = await startOps(url, { now: () => new Date("2026-12-28T06:00:00Z") });
  pool = await openPostgres(url, { max: 1 });
});
afterAll(async () => {
  await pool?.close();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

/** Columns that an erasure treats in its own way. */
const TREATED = [
  ...["audit_event.payload", "request_key.answer", "rule_activation.rules_yaml", "rule_draft.rules_yaml"],
  "run_report.report",
  ...["supplier.name", "supplier_match.match_key", "supplier_search.name_key", "watchlist.name", "watchlist.name_key"],
];

/** Columns without texts about suppliers, and why. */
const WITHOUT_NAMES: Readonly<Record<string, readonly string[]>> = {
  "ids and identifiers of suppliers, which stay": [
    ...["supplier.external_id", "supplier_search.id_key", "supplier_identifier.kind", "supplier_identifier.value"],
    ...["supplier_identifier.key", "supplier_merge.evidence", "subject_erasure.supplier_id"],
  ],
  "people who acted, and owners": [
    ...["alert.acknowledged_by", "alert.changed_by", "alert.owner", "alert.resolved_by", "alert_event.actor"],
    ...["api_key.created_by", "api_key.revoked_by", "audit_event.actor", "audit_event.recorded_by"],
    ...["delegation.created_by", "delegation.deputy", "delegation.ended_by", "delegation.owner"],
    ...["external_score.imported_by", "notice.recipient", "notice_item.recipient", "outcome.recorded_by"],
    ...["request_key.caller", "rule_activation.actor", "rule_draft.changed_by", "session.name", "session.subject"],
    ...["subject_erasure.actor", "supplier.owner", "supplier_dismissal.dismissed_by", "supplier_merge.merged_by"],
    ...["supplier_merge.undone_by", "watchlist.changed_by", "watchlist.owner", "watchlist.owner_name"],
    ...["watchlist.owner_scope"],
  ],
  "what identifies programs and processes": [
    ...["api_key.hash", "api_key.name", "api_key.prefix", "api_key.role", "api_key.scope", "erasure_place.place"],
    ...["notice_attempt.worker", "request_key.key", "run.holder", "run.overtaken_by", "session.hash", "session.method"],
    ...["session.previous_hash", "session.role", "session.scope", "used_link.id"],
  ],
  "regions and categories, which groups of suppliers have": ["label.kind", "label.value", "run.totals"],
  "names of the configuration": [
    ...["alert.dimension", "alert.model_name", "alert.rule_id", "external_score.source", "notice.channel"],
    ...["notice.destination", "notice.page_url", "notice_destination.name", "notice_item.destination"],
    ...["outcome.model_name", "rule_activation.model_name", "rule_activation.set_id", "rule_draft.model_name"],
    ...["rule_draft.set_id", "run.model_name", "run.rule_sets", "run.scored_by", "run_features.features"],
    ...["scorecard_run.model_version"],
  ],
  "words, figures, times and hashes that programs write": [
    ...["alert.band", "alert.score_change_parts", "alert.snooze", "alert.summary", "alert.trend"],
    ...["alert_event.content_hash", "alert_event.detail", "alert_event.score_change_parts"],
    ...["alert_run_change.values", "alert_values_pending.values", "notice_event.event"],
    ...["audit_checkpoint.created_at", "audit_checkpoint.hash"],
    ...["audit_checkpoint.key_id", "audit_checkpoint.signature", "audit_event.hash", "audit_event.kind"],
    ...["audit_event.payload_hash", "audit_event.previous_hash", "audit_event.salt", "audit_event.subject"],
    ...["audit_head.hash", "erasure_place.waiting", "event_export.sink", "event_export.stream", "notice.kind"],
    ...["notice.state", "notice_attempt.outcome", "notice_event.key", "notice_item.kind", "outcome.about"],
    ...["outcome.iso_week", "outcome.source", "outcome_request.digest", "request_key.digest"],
    ...["retention_progress.kind", "rule_activation.forecast", "rule_activation.from_hash", "rule_activation.to_hash"],
    ...["rule_draft.hash", "run.as_of", "run.bands", "run.changes", "run.config_hash", "run.content_digest"],
    ...["run.impact_formula", "run.input_digest", "run.iso_week", "run.policy_hash", "run.source_digest"],
    ...["scorecard_run.bundle_digest", "supplier.exposure_currency"],
    ...["supplier_dismissal.first_digest", "supplier_dismissal.second_digest"],
    ...["supplier_import.digest", "__drizzle_migrations.hash"],
  ],
};

test("an erasure knows every column with texts", async () => {
  const { rows } = await pool.query<{ column: string }>(
    `select c.table_name || '.' || c.column_name as "column" from information_schema.columns c
     join pg_class t on t.relname = c.table_name and t.relnamespace = 'bellwether'::regnamespace and not t.relispartition
     where c.table_schema = 'bellwether' and (c.data_type in ('text', 'json', 'jsonb', 'character varying', 'xml')
       or c.udt_name in ('_text', '_jsonb', '_varchar')) and c.table_name !~ '_r[0-9]+$'`,
  );
  const known = [...NAMED_PLACES.map(({ table, column }) => `${table}.${column}`), ...TREATED];
  expect(rows.map(({ column }) => column).sort()).toEqual([...known, ...Object.values(WITHOUT_NAMES).flat()].sort());
});

const SERVICES = [
  ...[AlertService, ApiKeyService, AuditService, BatchService, DelegationService, ErasureService, ExternalScoreService],
  ...[NoticeService, OutcomeService, RuleService, SessionService, SupplierMergeService, SupplierService],
  WatchlistService,
];

/** Fields of requests that have no texts about suppliers: ids, names of the configuration, people, and what programs compute. */
const NOT_TEXTS = [
  /[._](id|ids|key|version|digest|hash|week|weeks|sha256|etag|kind|holder|place|as_of|model_name|source|prefix)$/,
  /\.(actor|owner|deputy|subject|duplicate_of_alert_id|uses\.key_id)$/,
  /^(ApiKeyService|ExternalScoreService|NoticeService)\./,
  /\.(happened_on|known_on|currency|region|category|identifiers\.value|regions|categories)$/,
  /\.(drift\.(feature|comparisons\.bins\.category)|checks\.column|profile\.column|input_report\.(reasons|files)\.\w+)$/,
  /\.samples\.(column|file|reason)$/,
  /^BatchService\.SubmitChunk\.(categories|regions|features|scores|exposures|feature_values|supplier_ids)/,
  /^AuditService\.AppendEvents\.events\.(actor|kind|subject)$/,
];

function textsOf(message: DescMessage, path: string, inside: readonly DescMessage[] = []): readonly string[] {
  if (inside.includes(message)) return [];
  return message.fields.flatMap((field) => {
    const name = `${path}.${field.name}`;
    if (field.message) return textsOf(field.message, name, [...inside, message]);
    return field.scalar === ScalarType.STRING ? [name] : [];
  });
}

/** Records the fields of requests that have the name. */
const planted = new Set<string>();
const watching: Interceptor = (next) => async (request) => {
  const visit = (message: DescMessage, value: unknown, path: string): void => {
    for (const field of message.fields) {
      const member: unknown =
        typeof value === "object" && value !== null
          ? memberOf(value, field.oneof?.localName, field.localName)
          : undefined;
      for (const one of Array.isArray(member) ? member : [member]) {
        if (typeof one === "string" && /quendel & söhne kg/i.test(one)) planted.add(`${path}.${field.name}`);
        else if (field.message && one !== undefined) visit(field.message, one, `${path}.${field.name}`);
      }
    }
  };
  const { method } = request;
  if (request.stream) {
    const source = request.message;
    const watched = async function* () {
      for await (const message of source) {
        visit(method.input, message, `${method.parent.name}.${method.name}`);
        yield message;
      }
    };
    return await next({ ...request, message: watched() });
  }
  visit(method.input, request.message, `${method.parent.name}.${method.name}`);
  return await next(request);
};

type Action = NonNullable<MessageInitShape<typeof AlertActionSchema>["action"]>;

/** Returns one action of each kind that has a text, in an order in which each is possible. */
function actionsWith(text: string, until: Timestamp): ((to: { alertId: string; version: bigint }) => Action)[] {
  return [
    (to) => ({ case: "acknowledge", value: { ...to, note: text } }),
    (to) => ({ case: "assign", value: { ...to, owner: "cy", note: text } }),
    (to) => ({ case: "comment", value: { ...to, comment: text } }),
    (to) => ({ case: "snooze", value: { ...to, until, note: text } }),
    (to) => ({ case: "overrideAlert", value: { ...to, severity: AlertSeverity.WARNING, reason: text, until } }),
    (to) => ({ case: "startMitigation", value: { ...to, note: text } }),
    (to) => ({ case: "resolve", value: { ...to, disposition: Disposition.FALSE_DATA, note: text } }),
    (to) => ({ case: "reopen", value: { ...to, note: text } }),
  ];
}

/** Returns the value of a field, also one of a oneof. */
function memberOf(message: object, oneof: string | undefined, field: string): unknown {
  if (oneof === undefined) return Reflect.get(message, field);
  const chosen: unknown = Reflect.get(message, oneof);
  const isChosen = typeof chosen === "object" && chosen !== null && Reflect.get(chosen, "case") === field;
  return isChosen ? Reflect.get(chosen, "value") : undefined;
}

test("a name is in no row of the database after the erasure, whatever field of whatever call it came in", async () => {
  const transport = createGrpcTransport({ baseUrl: ops.grpcUrl, interceptors: [watching] });
  const alerts = createClient(AlertService, transport);
  const batch = createClient(BatchService, transport);
  const suppliers = createClient(SupplierService, transport);
  const merges = createClient(SupplierMergeService, transport);
  const outcomes = createClient(OutcomeService, transport);
  const rules = createClient(RuleService, transport);
  const watchlists = createClient(WatchlistService, transport);
  const audit = createClient(AuditService, transport);
  const own = { ...ops, alerts, batch, suppliers, outcomes, rules, audit };
  const later = timestampFromMs(Date.parse("2026-12-30T06:00:00Z"));

  // The weekly file, and everything about its run.
  const modelName = "supplier-risk";
  const rows = ["q", "other", "third"].map((id) => ({ id, score: 0.9 }));
  const week = (isoWeek: string) => ({ isoWeek, modelName, sourceDigest: "a".repeat(64), holder: isoWeek });
  const checks = [{ kind: CheckKind.UNIT, outcome: CheckOutcome.FAILED, column: "spend", detail: NAMED }];
  const profile = [{ column: "name", rows: 3n, distinct: 3n, topValue: NAME, topRows: 1n, kind: ColumnKind.TEXT }];
  const acceptLosses = { reason: NAMED, actor: "jo" };
  const first = await batch.startRun({
    ...week("2027-W02"),
    forceFuture: { reason: NAMED, actor: "jo" },
    acceptLosses,
  });
  await batch.holdRun({ ...(first.lease && { lease: first.lease }), checks, profile });
  await batch.approveRun({ runId: first.run?.runId ?? 0, reason: NAMED });
  const { run, lease } = await batch.startRun(week("2027-W02"));
  const held = { ...(lease && { lease }) };
  await batch.reportProgress({
    ...held,
    stage: RunStage.INGEST,
    inputObjects: [{ url: `s3://b/${NAME}.csv`, etag: "e", bytes: 1n }],
  });
  const chunk = testChunk(lease, 0, rows);
  chunk.supplierNames = [NAME, "Other", "Third"];
  await batch.submitChunk(chunk);
  const comparison = {
    ...{ reference: DriftReference.TRAINING, aspect: DriftAspect.VALUES, outcome: DriftOutcome.ALARM },
    ...{ referenceRows: 10n, presentRows: 10n, category: NAME, text: NAMED, bins: [] },
  };
  const sample = { source: "orders", file: "f.csv", line: 7n, column: "spend", reason: "not_a_number", text: NAMED };
  await batch.completeRun({
    ...{ ...held, rowsRead: 3n, rowsRejected: 0n, chunksTotal: 1, acceptLosses, checks, profile },
    drift: [{ feature: "name", psi: 0.1, kind: DriftKind.CATEGORY, comparisons: [comparison] }],
    inputReport: { samples: [sample] },
  });
  await batch.supersedeRun({ runId: run?.runId ?? 0, reason: NAMED });
  const failed = await batch.startRun(week("2026-W03"));
  await batch.failRun({ ...(failed.lease && { lease: failed.lease }), reason: NAMED });
  await batch.recordMissedWeek({ isoWeek: "2026-W04", modelName, reason: NAMED });
  const wrong = await runWeek(own, "2026-W05", [{ id: "other", score: 0.9 }]);
  await batch.voidRun({ runId: wrong?.runId ?? 0, reason: NAMED });

  // What people write about alerts of the supplier, and about one of another supplier.
  for (const [supplierId, text] of [
    ["q", ABOUT],
    ["other", NAMED],
  ] as const) {
    const {
      alerts: [found],
    } = await alerts.listAlerts({ supplierId });
    const seen = async () => {
      const { alert } = await alerts.getAlert({ alertId: found?.alertId ?? "" });
      return { alertId: alert?.alertId ?? "", version: alert?.version ?? 0n };
    };
    await alerts.acknowledgeAlert({ ...(await seen()), note: text });
    await alerts.assignAlert({ ...(await seen()), owner: "bo", note: text });
    await alerts.commentOnAlert({ ...(await seen()), comment: text });
    await alerts.snoozeAlert({ ...(await seen()), until: later, note: text });
    await alerts.overrideAlert({ ...(await seen()), severity: AlertSeverity.WARNING, reason: text, until: later });
    await alerts.startMitigation({ ...(await seen()), note: text });
    await alerts.resolveAlert({ ...(await seen()), disposition: Disposition.FALSE_DATA, note: text });
    await alerts.reopenAlert({ ...(await seen()), note: text });
    for (const action of actionsWith(text, later))
      await alerts.decideAlerts(
        { actions: [{ action: action(await seen()) }] },
        { headers: { "idempotency-key": randomUUID() } },
      );
  }

  // Master data, outcomes, merges, watchlists, rules, delegations, sessions, events of other services.
  await suppliers.importSuppliers({
    ...{ requestId: randomUUID(), onConflict: OnConflict.UPDATE },
    rows: [
      { supplierId: "q", name: NAME },
      { supplierId: "twin", name: "Twin" },
    ],
  });
  const outcome = { happenedOn: "2026-12-01", value: OutcomeValue.OCCURRED };
  for (const [supplierId, note] of [
    ["q", ABOUT],
    ["other", NAMED],
  ] as const) {
    await outcomes.recordOutcomes({ requestId: randomUUID(), rows: [{ supplierId, ...outcome, note }] });
    const {
      outcomes: [stored],
    } = await outcomes.listOutcomes({ supplierId });
    await outcomes.correctOutcome({ outcomeId: stored?.outcomeId ?? "", reason: note });
  }
  const version = async (supplierId: string) =>
    (await merges.getSupplierIdentity({ supplierId })).supplier?.version ?? "";
  const pair = async (one: string, other: string) => ({
    ...{ survivorId: one, survivorVersion: await version(one), mergedId: other, mergedVersion: await version(other) },
    reason: one === "q" || other === "q" ? ABOUT : NAMED,
  });
  // The supplier is once the survivor, once the merged one, and once neither.
  for (const [one, other] of [
    ["q", "twin"],
    ["third", "q"],
    ["third", "other"],
  ] as const) {
    const { merge } = await merges.mergeSuppliers(await pair(one, other));
    await merges.undoMerge({ mergeId: merge?.mergeId ?? "", reason: (await pair(one, other)).reason });
    const seen = await pair(one, other);
    const ids = {
      firstId: one,
      firstVersion: seen.survivorVersion,
      secondId: other,
      secondVersion: seen.mergedVersion,
    };
    await merges.dismissDuplicate({ ...ids, reason: seen.reason });
  }
  const { watchlist } = await watchlists.createWatchlist({ name: `Lists of ${NAME}`, note: NAMED });
  const list = { watchlistId: watchlist?.watchlistId ?? "", version: watchlist?.version ?? 0n };
  await watchlists.updateWatchlist({ ...list, name: `About ${NAME}`, note: `${NAMED} today` });
  const file = await readFile(new URL("../../../config/alert_rules.yaml", import.meta.url), "utf8");
  await rules.putRuleDraft({ rulesYaml: `# ${NAME}\n${file}`, version: 0n });
  await rules.activateRuleDraft({ setId: "default", version: 1n, reason: NAMED, force: true });
  const us = file
    .replace("id: default", "id: us\napplies_to: { regions: [US] }")
    .replace("id: high-score", "id: us-score")
    .replace("id: weekly-capacity", "id: us-capacity");
  await rules.putRuleDraft({ rulesYaml: us, version: 0n });
  const activated = await rules.activateRuleDraft({ setId: "us", version: 1n, reason: "own limits", force: true });
  await rules.retireRuleSet({ setId: "us", activationNumber: activated.activation?.number ?? 0n, reason: NAMED });
  await createClient(DelegationService, transport).setDelegation({ deputy: "bo", endsAt: later, reason: NAMED });
  await pool.query(
    `insert into bellwether.session (id, hash, subject, name, role, method, created_at, last_used_at, expires_at)
     values (gen_random_uuid(), 'h', 'kim', 'Kim', 'viewer', 'token', now(), now(), '2027-01-01')`,
  );
  await createClient(SessionService, transport).endSessions({ subject: "kim", reason: NAMED });
  const event = (kind: string, payload: object) => ({
    ...{ eventId: randomUUID(), kind, actor: "scheduler-service", subject: "model/m", occurredAt: later },
    payloadJson: JSON.stringify(payload),
  });
  await audit.appendEvents(
    (async function* () {
      yield { events: [event("model.alias_set", { reason: NAMED })] };
    })(),
  );

  const texts = SERVICES.flatMap((service) =>
    service.methods
      .filter(({ idempotency }) => idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS)
      .flatMap((method) => textsOf(method.input, `${service.name}.${method.name}`)),
  ).filter((field) => !NOT_TEXTS.some((pattern) => pattern.test(field)));
  planted.add("AuditService.EraseSubject.reason");
  expect(texts.filter((field) => !planted.has(field))).toEqual([]);

  expect(await rowsWith(NAME)).not.toEqual([]);
  const erased = await audit.eraseSubject({ supplierId: "q", reason: `${NAME} asked for it` });
  expect(erased.notErased.join()).toContain('the rules of the set "default" have the name');
  expect([await rowsWith(NAME), await rowsWith(PERSON)]).toEqual([["rule_activation"], []]);
  const { records } = await ops.audit.queryEvents({ kind: "subject.erased" });
  expect(JSON.parse(records[0]?.event?.payloadJson ?? "")).toMatchObject({ reason: "[erased] asked for it" });
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true });
  // Texts of others keep their other words.
  const { rows: reasons } = await pool.query<{ reason: string }>("select reason from bellwether.delegation");
  expect(reasons).toEqual([{ reason: "as [erased] says" }]);
});

/** Returns the tables with a row that has a text, whatever its letter case, also in messages in base64. */
async function rowsWith(text: string): Promise<readonly string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c where c.relnamespace = 'bellwether'::regnamespace and c.relkind = 'r' order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from bellwether."${name}" t`);
    const decoded = rows.flatMap(({ row }) => [
      row,
      Buffer.from(/,([A-Za-z0-9+/=]{20,}),/.exec(row)?.[1] ?? "", "base64").toString(),
    ]);
    if (decoded.some((row) => row.toLowerCase().includes(text.toLowerCase()))) found.push(name);
  }
  return found;
}
