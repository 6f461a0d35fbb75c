CREATE TABLE "bellwether"."request_key" (
	"caller" text NOT NULL,
	"key" text NOT NULL,
	"digest" text NOT NULL,
	"answer" text,
	"created_at" timestamp (6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "request_key_caller_key_pk" PRIMARY KEY("caller","key")
);
--> statement-breakpoint
CREATE INDEX "request_key_created" ON "bellwether"."request_key" USING btree ("created_at");