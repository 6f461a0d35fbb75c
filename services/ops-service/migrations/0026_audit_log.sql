CREATE TABLE "bellwether"."audit_checkpoint" (
	"sequence" bigint PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"created_at" text NOT NULL,
	"key_id" text NOT NULL,
	"signature" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bellwether"."audit_producer" (
	"producer" uuid PRIMARY KEY NOT NULL,
	"last_sequence" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bellwether"."audit_event" ADD COLUMN "hash_version" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."audit_event" ADD COLUMN "recorded_by" text;--> statement-breakpoint
ALTER TABLE "bellwether"."audit_event" ADD COLUMN "salt" text;--> statement-breakpoint
-- Records are appended, and their payloads can be erased: nothing else, also for the owner of the table, who would have to
-- disable the triggers.
CREATE FUNCTION "bellwether"."guard_audit_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' THEN
		IF NEW.payload IS NULL AND NEW.salt IS NULL
			AND (to_jsonb(NEW) - 'payload' - 'salt') = (to_jsonb(OLD) - 'payload' - 'salt') THEN
			RETURN NEW;
		END IF;
	END IF;
	RAISE EXCEPTION 'records of the audit log cannot be changed; a payload can be erased (payload and salt set to null)';
END
$$;--> statement-breakpoint
CREATE TRIGGER "audit_event_rows" BEFORE UPDATE OR DELETE ON "bellwether"."audit_event" FOR EACH ROW EXECUTE FUNCTION "bellwether"."guard_audit_event"();--> statement-breakpoint
CREATE TRIGGER "audit_event_table" BEFORE TRUNCATE ON "bellwether"."audit_event" FOR EACH STATEMENT EXECUTE FUNCTION "bellwether"."guard_audit_event"();--> statement-breakpoint
-- Producers that run now: their next event must not look like a gap. Only the newest events are read.
INSERT INTO "bellwether"."audit_producer" ("producer", "last_sequence")
SELECT "producer"::uuid, max("sequence"::bigint) FROM (
	SELECT substring("payload" from '"producer":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"') AS "producer",
		substring("payload" from '"sequence":([0-9]{1,15})\}$') AS "sequence"
	FROM "bellwether"."audit_event" WHERE "audit_event"."sequence" > (SELECT "sequence" - 200000 FROM "bellwether"."audit_head")
) "recent" WHERE "producer" IS NOT NULL AND "sequence" IS NOT NULL GROUP BY "producer";
