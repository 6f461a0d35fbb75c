CREATE TABLE "bellwether"."supplier_search_pending" (
	"supplier_id" integer NOT NULL
);
--> statement-breakpoint
DROP INDEX "bellwether"."alert_terms";--> statement-breakpoint
DROP INDEX "bellwether"."alert_owned";