CREATE TABLE "bellwether"."scorecard_run" (
	"run_id" integer PRIMARY KEY NOT NULL,
	"model_version" text NOT NULL,
	"bundle_digest" text NOT NULL,
	"computed_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	"other_features" boolean NOT NULL,
	"unknown_categories" integer NOT NULL,
	"share" double precision NOT NULL,
	"suppliers" integer[] NOT NULL,
	"scores" double precision[] NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."scorecard_run" ADD CONSTRAINT "scorecard_run_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;