CREATE TABLE "bellwether"."notice" (
	"id" uuid PRIMARY KEY NOT NULL,
	"destination" text NOT NULL,
	"channel" text NOT NULL,
	"kind" text NOT NULL,
	"recipient" text NOT NULL,
	"items" jsonb NOT NULL,
	"dropped_items" integer NOT NULL,
	"page_url" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"tried" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone NOT NULL,
	"claim" integer DEFAULT 0 NOT NULL,
	"claimed_until" timestamp (3) with time zone,
	"reason" text DEFAULT '' NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "bellwether"."notice_attempt" (
	"notice_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"duration_ms" integer,
	"outcome" text,
	"detail" text DEFAULT '' NOT NULL,
	"worker" text NOT NULL,
	CONSTRAINT "notice_attempt_notice_id_attempt_pk" PRIMARY KEY("notice_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."notice_destination" (
	"name" text PRIMARY KEY NOT NULL,
	"disabled_at" timestamp (3) with time zone,
	"reason" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bellwether"."notice_escalation" (
	"alert_id" uuid PRIMARY KEY NOT NULL,
	"raised_at" timestamp (6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bellwether"."notice_event" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."notice_event_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"key" text NOT NULL,
	"event" jsonb NOT NULL,
	CONSTRAINT "notice_event_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."notice_item" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."notice_item_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"destination" text NOT NULL,
	"kind" text NOT NULL,
	"recipient" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"item" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."notice_attempt" ADD CONSTRAINT "notice_attempt_notice_id_notice_id_fk" FOREIGN KEY ("notice_id") REFERENCES "bellwether"."notice"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notice_waiting" ON "bellwether"."notice" USING btree ("destination","next_attempt_at","id") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "notice_state" ON "bellwether"."notice" USING btree ("state","id");--> statement-breakpoint
CREATE INDEX "notice_destination_id" ON "bellwether"."notice" USING btree ("destination","id");--> statement-breakpoint
CREATE INDEX "notice_finished" ON "bellwether"."notice" USING btree ("finished_at") WHERE state <> 'waiting';--> statement-breakpoint
CREATE INDEX "notice_item_due" ON "bellwether"."notice_item" USING btree ("due_at","id");