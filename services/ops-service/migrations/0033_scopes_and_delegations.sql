CREATE TABLE "bellwether"."delegation" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"deputy" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"reason" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"ended_by" text DEFAULT '' NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."api_key" ADD COLUMN "scope" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."session" ADD COLUMN "scope" jsonb;--> statement-breakpoint
CREATE INDEX "delegation_deputy" ON "bellwether"."delegation" USING btree ("deputy","ends_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "delegation_ends" ON "bellwether"."delegation" USING btree ("ends_at","id");