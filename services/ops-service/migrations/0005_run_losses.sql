ALTER TABLE "bellwether"."run" ADD COLUMN "source_digest" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "config_hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "policy_hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "losses" jsonb;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "overtaken_by" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."run" ADD COLUMN "force_future" jsonb;