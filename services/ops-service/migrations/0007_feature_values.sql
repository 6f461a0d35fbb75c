CREATE TABLE "bellwether"."run_features" (
	"run_id" integer PRIMARY KEY NOT NULL,
	"features" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."run_features" ADD CONSTRAINT "run_features_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- Tables that drizzle-kit does not know: the whole with its attached parts, then those of unfinished runs, which are not attached yet.
-- Chunks of earlier runs have no values (null), which answers say.
ALTER TABLE "bellwether"."score_chunk" ADD COLUMN "vals" bytea;
--> statement-breakpoint
DO $$
DECLARE part record;
BEGIN
	FOR part IN
		SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'bellwether' AND c.relkind = 'r' AND NOT c.relispartition AND c.relname ~ '^score_chunk_r[0-9]+$'
	LOOP
		EXECUTE format('ALTER TABLE "bellwether".%I ADD COLUMN "vals" bytea, ALTER COLUMN "vals" SET STORAGE EXTERNAL', part.relname);
	END LOOP;
END $$;
