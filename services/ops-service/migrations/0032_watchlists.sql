CREATE TABLE "bellwether"."watched_supplier" (
	"watchlist_id" uuid NOT NULL,
	"supplier_id" integer NOT NULL,
	CONSTRAINT "watched_supplier_watchlist_id_supplier_id_pk" PRIMARY KEY("watchlist_id","supplier_id")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."watchlist" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"owner_name" text NOT NULL,
	"name" text NOT NULL,
	"name_key" text NOT NULL,
	"note" text NOT NULL,
	"is_shared" boolean NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"changed_by" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."watched_supplier" ADD CONSTRAINT "watched_supplier_watchlist_id_watchlist_id_fk" FOREIGN KEY ("watchlist_id") REFERENCES "bellwether"."watchlist"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."watched_supplier" ADD CONSTRAINT "watched_supplier_supplier_id_supplier_id_fk" FOREIGN KEY ("supplier_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "watched_supplier_supplier" ON "bellwether"."watched_supplier" USING btree ("supplier_id");--> statement-breakpoint
CREATE UNIQUE INDEX "watchlist_name" ON "bellwether"."watchlist" USING btree ("owner","name_key");--> statement-breakpoint
CREATE INDEX "watchlist_shared" ON "bellwether"."watchlist" USING btree ("name_key","id") WHERE is_shared;