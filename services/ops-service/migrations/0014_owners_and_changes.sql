CREATE INDEX "alert_owned" ON "bellwether"."alert" USING btree ("owner") WHERE state <> 'resolved' and owner <> '';--> statement-breakpoint
CREATE INDEX "alert_event_at" ON "bellwether"."alert_event" USING btree ("occurred_at","kind");--> statement-breakpoint
CREATE INDEX "supplier_owner" ON "bellwether"."supplier" USING btree ("owner") WHERE owner <> '';