CREATE TABLE "bellwether"."rule_activation" (
	"number" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."rule_activation_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"set_id" text NOT NULL,
	"rules_yaml" text NOT NULL,
	"from_hash" text NOT NULL,
	"to_hash" text NOT NULL,
	"draft_version" bigint NOT NULL,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"is_forced" boolean NOT NULL,
	"forecast" jsonb,
	"activated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bellwether"."rule_draft" (
	"set_id" text PRIMARY KEY NOT NULL,
	"rules_yaml" text NOT NULL,
	"hash" text NOT NULL,
	"version" bigint NOT NULL,
	"changed_by" text NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "rule_sets" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
CREATE INDEX "rule_activation_set" ON "bellwether"."rule_activation" USING btree ("set_id",number desc);