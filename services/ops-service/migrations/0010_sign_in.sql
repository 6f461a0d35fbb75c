CREATE TABLE "bellwether"."api_key" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"revoked_by" text DEFAULT '' NOT NULL,
	CONSTRAINT "api_key_prefix_unique" UNIQUE("prefix")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."session" (
	"id" uuid PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"previous_hash" text,
	"previous_until" timestamp (3) with time zone,
	"subject" text NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"method" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "session_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."used_link" (
	"id" text PRIMARY KEY NOT NULL,
	"used_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "api_key_name" ON "bellwether"."api_key" USING btree ("name") WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX "api_key_created" ON "bellwether"."api_key" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "session_previous" ON "bellwether"."session" USING btree ("previous_hash") WHERE previous_hash is not null;--> statement-breakpoint
CREATE INDEX "session_subject" ON "bellwether"."session" USING btree ("subject","created_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "session_expires" ON "bellwether"."session" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "used_link_at" ON "bellwether"."used_link" USING btree ("used_at");