CREATE TABLE "bellwether"."kept_score" (
	"run_id" integer NOT NULL,
	"slice" smallint NOT NULL,
	"suppliers" integer[] NOT NULL,
	"scores" double precision[] NOT NULL,
	"regions" integer[] NOT NULL,
	"categories" integer[] NOT NULL,
	"exposures" double precision[] NOT NULL,
	CONSTRAINT "kept_score_run_id_slice_pk" PRIMARY KEY("run_id","slice")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."outcome" (
	"id" uuid PRIMARY KEY NOT NULL,
	"number" bigint GENERATED ALWAYS AS IDENTITY (sequence name "bellwether"."outcome_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"supplier_id" integer NOT NULL,
	"model_name" text NOT NULL,
	"occurred" boolean NOT NULL,
	"iso_week" text DEFAULT '' NOT NULL,
	"happened_on" date,
	"known_on" date NOT NULL,
	"about" text NOT NULL,
	"source" text NOT NULL,
	"prediction_id" uuid,
	"note" text DEFAULT '' NOT NULL,
	"recorded_by" text NOT NULL,
	"recorded_at" timestamp (6) with time zone NOT NULL,
	"replaces" uuid,
	"replaced_by" uuid,
	"withdrawn" boolean DEFAULT false NOT NULL,
	CONSTRAINT "outcome_number_unique" UNIQUE("number")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."outcome_request" (
	"request_id" uuid PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"answer" jsonb NOT NULL,
	"created_at" timestamp (6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bellwether"."review" (
	"run_id" integer NOT NULL,
	"supplier_id" integer NOT NULL,
	CONSTRAINT "review_run_id_supplier_id_pk" PRIMARY KEY("run_id","supplier_id")
);
--> statement-breakpoint
CREATE TABLE "bellwether"."review_run" (
	"run_id" integer PRIMARY KEY NOT NULL,
	"frame" integer NOT NULL,
	"seed" bigint NOT NULL,
	"drawn_at" timestamp (6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."kept_score" ADD CONSTRAINT "kept_score_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."outcome" ADD CONSTRAINT "outcome_supplier_id_supplier_id_fk" FOREIGN KEY ("supplier_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."outcome" ADD CONSTRAINT "outcome_replaces_outcome_id_fk" FOREIGN KEY ("replaces") REFERENCES "bellwether"."outcome"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."review" ADD CONSTRAINT "review_run_id_review_run_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."review_run"("run_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."review" ADD CONSTRAINT "review_supplier_id_supplier_id_fk" FOREIGN KEY ("supplier_id") REFERENCES "bellwether"."supplier"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bellwether"."review_run" ADD CONSTRAINT "review_run_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "bellwether"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "outcome_current" ON "bellwether"."outcome" USING btree ("supplier_id","model_name","about") WHERE replaced_by is null and not withdrawn;--> statement-breakpoint
CREATE INDEX "outcome_model" ON "bellwether"."outcome" USING btree ("model_name","number");--> statement-breakpoint
CREATE INDEX "outcome_request_created" ON "bellwether"."outcome_request" USING btree ("created_at");