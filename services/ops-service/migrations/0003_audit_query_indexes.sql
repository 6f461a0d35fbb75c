DROP INDEX "bellwether"."audit_event_subject_sequence_index";--> statement-breakpoint
DROP INDEX "bellwether"."audit_event_kind_sequence_index";--> statement-breakpoint
CREATE INDEX "audit_event_occurred_us_sequence_index" ON "bellwether"."audit_event" USING btree ("occurred_us","sequence");--> statement-breakpoint
CREATE INDEX "audit_event_kind_occurred_us_sequence_index" ON "bellwether"."audit_event" USING btree ("kind","occurred_us","sequence");--> statement-breakpoint
CREATE INDEX "audit_event_subject_occurred_us_sequence_index" ON "bellwether"."audit_event" USING btree ("subject","occurred_us","sequence");--> statement-breakpoint
CREATE INDEX "audit_event_actor_occurred_us_sequence_index" ON "bellwether"."audit_event" USING btree ("actor","occurred_us","sequence");