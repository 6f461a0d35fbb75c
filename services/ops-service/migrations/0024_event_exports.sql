CREATE TABLE "bellwether"."event_export" (
	"sink" text NOT NULL,
	"stream" text NOT NULL,
	"position" bigint DEFAULT 0 NOT NULL,
	"planned_end" bigint,
	"claim" integer DEFAULT 0 NOT NULL,
	"claimed_until" timestamp (3) with time zone,
	CONSTRAINT "event_export_sink_stream_pk" PRIMARY KEY("sink","stream")
);
