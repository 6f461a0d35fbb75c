CREATE TYPE "bellwether"."alert_event_kind" AS ENUM('raised', 'escalated', 'acknowledged', 'resolved', 'reopened');--> statement-breakpoint
CREATE TYPE "bellwether"."alert_severity" AS ENUM('warning', 'critical');--> statement-breakpoint
CREATE TYPE "bellwether"."alert_state" AS ENUM('open', 'acknowledged', 'resolved');--> statement-breakpoint
CREATE TYPE "bellwether"."disposition" AS ENUM('mitigated', 'accepted', 'false_alarm', 'cleared');--> statement-breakpoint
CREATE TYPE "bellwether"."run_stage" AS ENUM('none', 'ingest', 'validate', 'score', 'drift', 'complete', 'report');--> statement-breakpoint
CREATE TYPE "bellwether"."run_state" AS ENUM('running', 'complete', 'failed');--> statement-breakpoint
CREATE SEQUENCE "bellwether"."alert_change" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "bellwether"."alert" (
	"id" uuid PRIMARY KEY NOT NULL,
	"supplier_id" integer NOT NULL,
	"rule_id" text NOT NULL,
	"dimension" text NOT NULL,
	"severity" "bellwether"."alert_severity" NOT NULL,
	"state" "bellwether"."alert_state" NOT NULL,
	"disposition" "bellwether"."disposition",
	"risk_score" double precision NOT NULL,
	"raised_run_id" integer NOT NULL,
	"last_run_id" integer NOT NULL,
	"raised_at" timestamp (6) with time zone NOT NULL,
	"changed_at" timestamp (6) with time zone NOT NULL,
	"resolved_at" timestamp (6) with time zone,
	"acknowledged_by" text DEFAULT '' NOT NULL,
	"summary" text NOT NULL,
	"change_id" bigint NOT NULL,
	CONSTRAINT "alert_supplier_id_rule_id_dimension_unique" UNIQUE("supplier_id","rule_id","dimension")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."alert_event" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."alert_event_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"alert_id" uuid NOT NULL,
	"kind" "bellwether"."alert_event_kind" NOT NULL,
	"occurred_at" timestamp (6) with time zone NOT NULL,
	"actor" text NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"risk_score" double precision
);
--> statement-breakpoint
CREATE TABLE "bellwether"."audit_event" (
	"sequence" bigint PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"actor" text NOT NULL,
	"subject" text NOT NULL,
	"occurred_us" bigint NOT NULL,
	"recorded_us" bigint NOT NULL,
	"payload" text,
	"payload_hash" text NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_event_event_id_unique" UNIQUE("event_id")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."audit_head" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bellwether"."label" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."label_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "label_kind_value_unique" UNIQUE("kind","value")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."run" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."run_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"iso_week" text NOT NULL,
	"model_name" text NOT NULL,
	"state" "bellwether"."run_state" DEFAULT 'running' NOT NULL,
	"stage" "bellwether"."run_stage" DEFAULT 'none' NOT NULL,
	"fence" bigint NOT NULL,
	"holder" text NOT NULL,
	"previous_run_id" integer,
	"rows_read" bigint,
	"rows_rejected" bigint DEFAULT 0 NOT NULL,
	"rows_scored" bigint DEFAULT 0 NOT NULL,
	"rows_faulty" bigint DEFAULT 0 NOT NULL,
	"chunks_received" integer DEFAULT 0 NOT NULL,
	"chunks_total" integer,
	"input_digest" text DEFAULT '' NOT NULL,
	"scored_by" jsonb,
	"alerts_raised" integer DEFAULT 0 NOT NULL,
	"bands" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"drift" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"started_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp (6) with time zone,
	"failure" text DEFAULT '' NOT NULL,
	CONSTRAINT "run_iso_week_model_name_unique" UNIQUE("iso_week","model_name")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."run_chunk" (
	"run_id" integer NOT NULL,
	"chunk" smallint NOT NULL,
	"fence" bigint NOT NULL,
	"rows_scored" integer NOT NULL,
	"rows_faulty" integer NOT NULL,
	CONSTRAINT "run_chunk_run_id_chunk_pk" PRIMARY KEY("run_id","chunk")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."supplier" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."supplier_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"external_id" text NOT NULL,
	"name" text DEFAULT '' NOT NULL,
	"region_id" integer,
	"category_id" integer,
	"exposure" double precision,
	CONSTRAINT "supplier_external_id_unique" UNIQUE("external_id")
);
--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD CONSTRAINT "alert_supplier_id_supplier_id_fk" FOREIGN KEY ("supplier_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD CONSTRAINT "alert_raised_run_id_run_id_fk" FOREIGN KEY ("raised_run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD CONSTRAINT "alert_last_run_id_run_id_fk" FOREIGN KEY ("last_run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."alert_event" ADD CONSTRAINT "alert_event_alert_id_alert_id_fk" FOREIGN KEY ("alert_id") REFERENCES "bellwether"."alert"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."run_chunk" ADD CONSTRAINT "run_chunk_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier" ADD CONSTRAINT "supplier_region_id_label_id_fk" FOREIGN KEY ("region_id") REFERENCES "bellwether"."label"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier" ADD CONSTRAINT "supplier_category_id_label_id_fk" FOREIGN KEY ("category_id") REFERENCES "bellwether"."label"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "alert_severity_changed_at_id_index" ON "bellwether"."alert" USING btree ("severity" DESC NULLS FIRST,"changed_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "alert_change_id_index" ON "bellwether"."alert" USING btree ("change_id");--> statement-breakpoint
CREATE INDEX "alert_event_alert_id_id_index" ON "bellwether"."alert_event" USING btree ("alert_id","id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "audit_event_subject_sequence_index" ON "bellwether"."audit_event" USING btree ("subject","sequence" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "audit_event_kind_sequence_index" ON "bellwether"."audit_event" USING btree ("kind","sequence" DESC NULLS FIRST);