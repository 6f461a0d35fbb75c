DROP INDEX "bellwether"."alert_severity_changed_at_id_index";--> statement-breakpoint
CREATE INDEX "alert_listed" ON "bellwether"."alert" USING btree ("severity","changed_at","risk_score","id");--> statement-breakpoint
CREATE INDEX "alert_active" ON "bellwether"."alert" USING btree ("severity","changed_at","risk_score","id") WHERE state <> 'resolved';