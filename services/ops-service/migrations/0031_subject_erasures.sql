CREATE TABLE "bellwether"."erasure_place" (
	"erasure_id" integer NOT NULL,
	"place" text NOT NULL,
	"reported_at" timestamp (3) with time zone NOT NULL,
	"snapshots" integer NOT NULL,
	"reports" integer NOT NULL,
	"copies" integer NOT NULL,
	"waiting" text[] NOT NULL,
	CONSTRAINT "erasure_place_erasure_id_place_pk" PRIMARY KEY("erasure_id","place")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."subject_erasure" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."subject_erasure_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"supplier_id" text NOT NULL,
	"actor" text NOT NULL,
	"erased_at" timestamp (3) with time zone NOT NULL,
	"events_until" bigint NOT NULL,
	"events_searched" bigint DEFAULT 0 NOT NULL,
	"batch_payloads" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."erasure_place" ADD CONSTRAINT "erasure_place_erasure_id_subject_erasure_id_fk" FOREIGN KEY ("erasure_id") REFERENCES "bellwether"."subject_erasure"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "subject_erasure_open" ON "bellwether"."subject_erasure" USING btree ("id") WHERE events_searched < events_until;