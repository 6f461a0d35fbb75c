CREATE SEQUENCE "bellwether"."supplier_merge_change" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "bellwether"."supplier_dismissal" (
	"first_id" integer NOT NULL,
	"second_id" integer NOT NULL,
	"first_digest" text NOT NULL,
	"second_digest" text NOT NULL,
	"reason" text NOT NULL,
	"dismissed_by" text NOT NULL,
	"dismissed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "supplier_dismissal_first_id_second_id_pk" PRIMARY KEY("first_id","second_id")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."supplier_match" (
	"supplier_id" integer PRIMARY KEY NOT NULL,
	"match_key" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bellwether"."supplier_merge" (
	"id" uuid PRIMARY KEY NOT NULL,
	"survivor_id" integer NOT NULL,
	"merged_id" integer NOT NULL,
	"evidence" jsonb NOT NULL,
	"reason" text NOT NULL,
	"merged_by" text NOT NULL,
	"merged_at" timestamp (3) with time zone NOT NULL,
	"undone_by" text DEFAULT '' NOT NULL,
	"undone_at" timestamp (3) with time zone,
	"undo_reason" text DEFAULT '' NOT NULL,
	"change" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."supplier_identifier" ADD COLUMN "is_shared" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier_dismissal" ADD CONSTRAINT "supplier_dismissal_first_id_supplier_id_fk" FOREIGN KEY ("first_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier_dismissal" ADD CONSTRAINT "supplier_dismissal_second_id_supplier_id_fk" FOREIGN KEY ("second_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier_merge" ADD CONSTRAINT "supplier_merge_survivor_id_supplier_id_fk" FOREIGN KEY ("survivor_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."supplier_merge" ADD CONSTRAINT "supplier_merge_merged_id_supplier_id_fk" FOREIGN KEY ("merged_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "supplier_dismissal_second" ON "bellwether"."supplier_dismissal" USING btree ("second_id");--> statement-breakpoint
CREATE INDEX "supplier_match_key" ON "bellwether"."supplier_match" USING btree ("match_key","supplier_id") WHERE match_key <> '';--> statement-breakpoint
CREATE UNIQUE INDEX "supplier_merge_active" ON "bellwether"."supplier_merge" USING btree ("merged_id") WHERE undone_at is null;--> statement-breakpoint
CREATE INDEX "supplier_merge_into" ON "bellwether"."supplier_merge" USING btree ("survivor_id") WHERE undone_at is null;--> statement-breakpoint
CREATE INDEX "supplier_merge_survivor" ON "bellwether"."supplier_merge" USING btree ("survivor_id");--> statement-breakpoint
CREATE INDEX "supplier_merge_merged" ON "bellwether"."supplier_merge" USING btree ("merged_id");--> statement-breakpoint
CREATE INDEX "supplier_merge_by_change" ON "bellwether"."supplier_merge" USING btree ("change");