ALTER TYPE "bellwether"."alert_event_kind" ADD VALUE 'deescalated';--> statement-breakpoint
ALTER TYPE "bellwether"."disposition" ADD VALUE 'replaced';--> statement-breakpoint
ALTER TABLE "bellwether"."alert" DROP CONSTRAINT "alert_supplier_id_rule_id_dimension_unique";--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "model_name" text;--> statement-breakpoint
-- An alert belongs to the model whose run raised it.
UPDATE "bellwether"."alert" a SET "model_name" = r."model_name" FROM "bellwether"."run" r WHERE r."id" = a."raised_run_id";--> statement-breakpoint
-- Another model's run may have overwritten the score: the alert gets its own model's latest score of the supplier back. State,
-- decisions and history stay as they are.
UPDATE "bellwether"."alert" a SET "last_run_id" = own."run", "risk_score" = own."p"
FROM (
	SELECT DISTINCT ON (b."id") b."id", s."run", s."p"
	FROM "bellwether"."alert" b
	JOIN "bellwether"."run" last ON last."id" = b."last_run_id" AND last."model_name" <> b."model_name"
	JOIN "bellwether"."run" r ON r."model_name" = b."model_name" AND r."state" = 'complete'
	JOIN "bellwether"."score" s ON s."run" = r."id" AND s."supplier" = b."supplier_id" AND s."p" IS NOT NULL
	ORDER BY b."id", r."iso_week" DESC
) own WHERE own."id" = a."id";--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ALTER COLUMN "model_name" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD COLUMN "replaced_by" uuid;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD CONSTRAINT "alert_replaced_by_alert_id_fk" FOREIGN KEY ("replaced_by") REFERENCES "bellwether"."alert"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."alert" ADD CONSTRAINT "alert_supplier_id_model_name_rule_id_dimension_unique" UNIQUE("supplier_id","model_name","rule_id","dimension");