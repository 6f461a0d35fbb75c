ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'voided';--> statement-breakpoint
ALTER TYPE "bellwether"."disposition" ADD VALUE 'void';--> statement-breakpoint
ALTER TYPE "bellwether"."run_state" ADD VALUE 'held';--> statement-breakpoint
ALTER TYPE "bellwether"."run_state" ADD VALUE 'missed';--> statement-breakpoint
ALTER TYPE "bellwether"."run_state" ADD VALUE 'voided';--> statement-breakpoint
ALTER TYPE "bellwether"."run_state" ADD VALUE 'superseded';--> statement-breakpoint
CREATE TABLE "bellwether"."alert_run_change" (
	"run_id" integer NOT NULL,
	"alert_id" uuid NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"values" jsonb,
	CONSTRAINT "alert_run_change_run_id_alert_id_pk" PRIMARY KEY("run_id","alert_id")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."run_profile" (
	"run_id" integer PRIMARY KEY NOT NULL,
	"profile" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."run" DROP CONSTRAINT "run_iso_week_model_name_unique";--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "score_change_parts" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_event" ADD COLUMN "run_id" integer;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_event" ADD COLUMN "score_change_parts" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "revision" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "checks" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "checks_failed" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "approved" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "voided" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "supersede_requested" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "supersedes_run_id" integer;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "superseded_by_run_id" integer;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "changes" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "as_of" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "missed_reason" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_run_change" ADD CONSTRAINT "alert_run_change_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_run_change" ADD CONSTRAINT "alert_run_change_alert_id_alert_id_fk" FOREIGN KEY ("alert_id") REFERENCES "bellwether"."alert"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."run_profile" ADD CONSTRAINT "run_profile_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD CONSTRAINT "run_revision" UNIQUE("iso_week","model_name","revision");