CREATE TABLE "bellwether"."alert_values_pending" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."alert_values_pending_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" integer NOT NULL,
	"values" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."alert_values_pending" ADD CONSTRAINT "alert_values_pending_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;