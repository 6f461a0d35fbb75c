ALTER TABLE "bellwether"."run" ADD COLUMN "chunk_rows" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- Every release before this column sent chunks of 4,096 rows, so that an unfinished run can be continued.
UPDATE "bellwether"."run" SET "chunk_rows" = 4096 WHERE "chunks_received" > 0;
