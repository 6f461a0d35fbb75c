DROP INDEX "bellwether"."alert_listed";--> statement-breakpoint
DROP INDEX "bellwether"."alert_active";--> statement-breakpoint
CREATE INDEX "alert_by_impact" ON "bellwether"."alert" USING btree ("severity",coalesce(expected_impact, -1),"risk_score","id");--> statement-breakpoint
CREATE INDEX "alert_active_by_impact" ON "bellwether"."alert" USING btree ("severity",coalesce(expected_impact, -1),"risk_score","id") WHERE state <> 'resolved';