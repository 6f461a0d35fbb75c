CREATE TABLE "bellwether"."run_report" (
	"run_id" integer PRIMARY KEY NOT NULL,
	"report" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "content_digest" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run_report" ADD CONSTRAINT "run_report_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;