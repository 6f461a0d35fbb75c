CREATE TABLE "bellwether"."supplier_identifier" (
	"supplier_id" integer NOT NULL,
	"kind" text NOT NULL,
	"value" text NOT NULL,
	"key" text NOT NULL,
	CONSTRAINT "supplier_identifier_supplier_id_kind_pk" PRIMARY KEY("supplier_id","kind"),
	CONSTRAINT "supplier_identifier_unique" UNIQUE("kind","key")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."supplier_import" (
	"request_id" uuid PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"answer" jsonb NOT NULL,
	"created_at" timestamp (6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bellwether"."supplier_search" (
	"supplier_id" integer PRIMARY KEY NOT NULL,
	"id_key" text NOT NULL,
	"name_key" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "impact_formula" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "totals" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "history_stored" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier" ADD COLUMN "exposure_currency" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier" ADD COLUMN "criticality" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier" ADD COLUMN "owner" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier" ADD COLUMN "master_fields" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier_identifier" ADD CONSTRAINT "supplier_identifier_supplier_id_supplier_id_fk" FOREIGN KEY ("supplier_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "supplier_identifier_key" ON "bellwether"."supplier_identifier" USING btree ("key");--> statement-breakpoint
CREATE INDEX "supplier_import_created_at_index" ON "bellwether"."supplier_import" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "supplier_search_id" ON "bellwether"."supplier_search" USING btree ("id_key");--> statement-breakpoint
CREATE INDEX "supplier_search_name" ON "bellwether"."supplier_search" USING btree ("name_key","supplier_id");--> statement-breakpoint
-- Keys are compared byte by byte, so that a prefix is a range of the index.
ALTER TABLE "bellwether"."supplier_search" ALTER COLUMN "id_key" TYPE text COLLATE "C", ALTER COLUMN "name_key" TYPE text COLLATE "C";--> statement-breakpoint
ALTER TABLE "bellwether"."supplier_identifier" ALTER COLUMN "key" TYPE text COLLATE "C";--> statement-breakpoint
CREATE INDEX "supplier_search_trigrams" ON "bellwether"."supplier_search" USING gin ("name_key" gin_trgm_ops);--> statement-breakpoint
-- Similar names: the words of the query are compared with the most similar part of the name. With 0.4, one wrong letter or two
-- exchanged letters in a word of six letters still match.
CREATE FUNCTION "bellwether"."similar_names"(query text, max_names int) RETURNS TABLE (supplier_id int)
LANGUAGE sql STABLE SET pg_trgm.word_similarity_threshold = 0.4 AS $$
	SELECT n.supplier_id FROM (
		SELECT k.supplier_id, k.name_key FROM "bellwether"."supplier_search" k WHERE query <% k.name_key LIMIT 5000
	) n ORDER BY word_similarity(query, n.name_key) DESC, n.name_key, n.supplier_id LIMIT max_names
$$;--> statement-breakpoint
-- The scores of a supplier in all runs, in one partition: without the tables of the runs, which each have locks of their own.
-- impact is null when the exposure was not known.
CREATE TABLE "bellwether"."score_history" (
	"supplier" integer NOT NULL,
	"run" integer NOT NULL,
	"p" double precision,
	"impact" double precision,
	"delta" real,
	"completeness" real,
	"band" smallint NOT NULL,
	PRIMARY KEY ("supplier", "run")
) PARTITION BY HASH ("supplier");--> statement-breakpoint
DO $$
BEGIN
	FOR part IN 0..15 LOOP
		EXECUTE format('CREATE TABLE "bellwether".%I PARTITION OF "bellwether"."score_history" FOR VALUES WITH (MODULUS 16, REMAINDER %s)', 'score_history_' || part, part);
	END LOOP;
END $$;--> statement-breakpoint
-- Each run has an index of its own for the order by change, which serves both directions.
DROP INDEX "bellwether"."score_movers";--> statement-breakpoint
-- Tables that drizzle-kit does not know: the whole with its attached parts, then those of unfinished runs, which are not attached yet.
-- Scores of earlier runs have no exposure, no number of features and no previous position (null).
ALTER TABLE "bellwether"."score" ADD COLUMN "exposure" double precision, ADD COLUMN "present" smallint, ADD COLUMN "previous_chunk" smallint, ADD COLUMN "previous_pos" smallint;--> statement-breakpoint
DO $$
DECLARE part record;
BEGIN
	FOR part IN
		SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'bellwether' AND c.relkind = 'r' AND NOT c.relispartition AND c.relname ~ '^score_r[0-9]+$'
	LOOP
		EXECUTE format('ALTER TABLE "bellwether".%I ADD COLUMN "exposure" double precision, ADD COLUMN "present" smallint, ADD COLUMN "previous_chunk" smallint, ADD COLUMN "previous_pos" smallint', part.relname);
	END LOOP;
END $$;
