ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'mitigation_started';--> statement-breakpoint
ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'assigned';--> statement-breakpoint
ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'snoozed';--> statement-breakpoint
ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'woken';--> statement-breakpoint
ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'commented';--> statement-breakpoint
ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'overridden';--> statement-breakpoint
ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'override_ended';--> statement-breakpoint
ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'undone';--> statement-breakpoint
ALTER TYPE "bellwether"."alert_state" ADD VALUE 'in_mitigation';--> statement-breakpoint
ALTER TYPE "bellwether"."disposition" ADD VALUE 'false_data';--> statement-breakpoint
ALTER TYPE "bellwether"."disposition" ADD VALUE 'false_model';--> statement-breakpoint
ALTER TYPE "bellwether"."disposition" ADD VALUE 'duplicate';--> statement-breakpoint
CREATE TABLE "bellwether"."alert_transaction" (
	"sequence" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."alert_transaction_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"change_id" bigint NOT NULL,
	CONSTRAINT "alert_transaction_change_id_unique" UNIQUE("change_id")
);
--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "rule_severity" "bellwether"."alert_severity";--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "band" text;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "expected_impact" double precision;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "score_change" double precision;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "trend" text DEFAULT 'same' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "signals" bigint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "changed_by" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "resolved_by" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "version" bigint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "owner" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "snooze" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "snoozed_until" timestamp (6) with time zone;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "override" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "override_until" timestamp (6) with time zone;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "accepted_until" timestamp (6) with time zone;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "duplicate_of" uuid;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_event" ADD COLUMN "detail" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_event" ADD COLUMN "version" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_event" ADD COLUMN "seen_version" bigint;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_event" ADD COLUMN "content_hash" text;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_event" ADD COLUMN "before" jsonb;--> statement-breakpoint
-- Existing alerts have no override. The person who resolved an alert is the author of its last entry.
UPDATE "bellwether"."alert" a SET "rule_severity" = a."severity", "changed_by" = coalesce(last."actor", ''),
	"resolved_by" = CASE WHEN a."state" = 'resolved' AND last."actor" <> 'rules' THEN last."actor" ELSE '' END
FROM "bellwether"."alert" b LEFT JOIN LATERAL (
	SELECT e."actor" FROM "bellwether"."alert_event" e WHERE e."alert_id" = b."id" ORDER BY e."id" DESC LIMIT 1
) last ON true WHERE b."id" = a."id";--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ALTER COLUMN "rule_severity" SET NOT NULL;--> statement-breakpoint
-- Band, impact and change of the score that the alert has.
UPDATE "bellwether"."alert" a SET "expected_impact" = s."impact", "score_change" = s."delta",
	"band" = (ARRAY['unknown', 'low', 'medium', 'high'])[s."band"],
	"trend" = CASE WHEN a."raised_run_id" = a."last_run_id" THEN 'new' WHEN s."delta" >= 0.01 THEN 'worse'
		WHEN s."delta" <= -0.01 THEN 'better' ELSE 'same' END
FROM "bellwether"."score" s WHERE s."run" = a."last_run_id" AND s."supplier" = a."supplier_id" AND s."p" IS NOT NULL;--> statement-breakpoint
-- Earlier changes have the order of their numbers.
INSERT INTO "bellwether"."alert_transaction" ("change_id") SELECT DISTINCT "change_id" FROM "bellwether"."alert" ORDER BY "change_id";--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD CONSTRAINT "alert_duplicate_of_alert_id_fk" FOREIGN KEY ("duplicate_of") REFERENCES "bellwether"."alert"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "alert_decided" ON "bellwether"."alert" USING btree ("resolved_at","id") WHERE resolved_by <> '';--> statement-breakpoint
CREATE INDEX "alert_terms" ON "bellwether"."alert" USING btree (least(snoozed_until, override_until)) WHERE snoozed_until is not null or override_until is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "alert_event_action" ON "bellwether"."alert_event" USING btree ("alert_id","seen_version") WHERE seen_version is not null;