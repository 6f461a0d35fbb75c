-- Drafts and activations so far are those of the default model, whose name here is empty.
DROP INDEX "bellwether"."rule_activation_set";--> statement-breakpoint
ALTER TABLE "bellwether"."rule_activation" ADD COLUMN "model_name" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."rule_draft" ADD COLUMN "model_name" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "bellwether"."rule_draft" DROP CONSTRAINT "rule_draft_pkey";--> statement-breakpoint
ALTER TABLE "bellwether"."rule_draft" ADD CONSTRAINT "rule_draft_model_name_set_id_pk" PRIMARY KEY("model_name","set_id");--> statement-breakpoint
CREATE INDEX "rule_activation_set" ON "bellwether"."rule_activation" USING btree ("model_name","set_id",number desc);
