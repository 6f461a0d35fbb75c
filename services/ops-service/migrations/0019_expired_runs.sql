CREATE TABLE "bellwether"."expired_run" (
	"run_id" integer PRIMARY KEY NOT NULL,
	"expired_at" timestamp (6) with time zone NOT NULL,
	"removed_at" timestamp (6) with time zone
);
--> statement-breakpoint
ALTER TABLE "bellwether"."expired_run" ADD CONSTRAINT "expired_run_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;