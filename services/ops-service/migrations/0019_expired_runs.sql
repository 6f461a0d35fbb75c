ALTER TABLE "bellwether"."run" ADD COLUMN "scores_expired_at" timestamp (6) with time zone;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "scores_removed_at" timestamp (6) with time zone;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "feature_count" integer;
