-- Tables that drizzle-kit does not know: the whole with its attached parts, then those of unfinished runs, which are not attached yet.
-- Chunks of earlier runs have no term weights (null), which answers say.
ALTER TABLE "bellwether"."score_chunk" ADD COLUMN "terms" bytea;
--> statement-breakpoint
DO $$
DECLARE part record;
BEGIN
	FOR part IN
		SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'bellwether' AND c.relkind = 'r' AND NOT c.relispartition AND c.relname ~ '^score_chunk_r[0-9]+$'
	LOOP
		EXECUTE format('ALTER TABLE "bellwether".%I ADD COLUMN "terms" bytea, ALTER COLUMN "terms" SET STORAGE EXTERNAL', part.relname);
	END LOOP;
END $$;
