-- Partitioned by run, which drizzle-kit cannot say. A run's partitions are made when it starts and attached when it completes:
-- half a week is never visible, and dropping a week is dropping two tables.
CREATE TABLE "bellwether"."score" (
	"run" integer NOT NULL,
	"supplier" integer NOT NULL,
	"p" double precision,
	"delta" real,
	"band" smallint NOT NULL,
	"impact" double precision NOT NULL,
	"chunk" smallint NOT NULL,
	"pos" smallint NOT NULL,
	"region" integer,
	"category" integer,
	"top" bytea NOT NULL,
	PRIMARY KEY ("run", "supplier")
) PARTITION BY LIST ("run");
--> statement-breakpoint
CREATE INDEX "score_impact" ON "bellwether"."score" ("impact" DESC, "supplier" DESC);
--> statement-breakpoint
CREATE INDEX "score_movers" ON "bellwether"."score" (abs("delta") DESC);
--> statement-breakpoint
CREATE TABLE "bellwether"."score_chunk" (
	"run" integer NOT NULL,
	"chunk" smallint NOT NULL,
	"phi" bytea NOT NULL,
	PRIMARY KEY ("run", "chunk")
) PARTITION BY LIST ("run");
--> statement-breakpoint
INSERT INTO "bellwether"."audit_head" ("sequence", "hash") VALUES (0, repeat('0', 64));
