CREATE TABLE "bellwether"."retention_progress" (
	"kind" text PRIMARY KEY NOT NULL,
	"position" bigint DEFAULT 0 NOT NULL,
	"removed" bigint DEFAULT 0 NOT NULL,
	"last_removed_at" timestamp (3) with time zone
);
