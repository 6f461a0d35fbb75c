CREATE TABLE "bellwether"."external_score" (
	"supplier_id" integer NOT NULL,
	"source" text NOT NULL,
	"as_of" date NOT NULL,
	"score" double precision NOT NULL,
	"imported_at" timestamp (3) with time zone NOT NULL,
	"imported_by" text NOT NULL,
	CONSTRAINT "external_score_supplier_id_source_as_of_pk" PRIMARY KEY("supplier_id","source","as_of")
);
--> statement-breakpoint
ALTER TABLE "bellwether"."external_score" ADD CONSTRAINT "external_score_supplier_id_supplier_id_fk" FOREIGN KEY ("supplier_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;