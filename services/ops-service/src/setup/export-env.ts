import { type EnvOf, env } from "@bellwether/env/env";
import { KAFKA_ENV, readKafkaSettings, TOPIC } from "@bellwether/event-sinks/kafka/kafka-env";
import { toCloneable } from "@bellwether/event-sinks/kafka/kafka-settings";
import { AZURE_ENV, azureCredentials } from "@bellwether/object-store/azure-env";
import type { AzureCredentials } from "@bellwether/object-store/backends/azure-credentials";
import { parseStoreUrl } from "@bellwether/object-store/location/store-url";
import { StoreUrlError } from "@bellwether/object-store/store-error";
import type { KafkaExportSettings } from "../clients/exports/kafka-export.ts";

/** The variables of the exports of alerts and audit events. */
export const EXPORT_ENV = {
  eventSinks: env.text(
    "BELLWETHER_EVENT_SINKS",
    {
      pattern: /^(?:off|kafka|archive|kafka,archive|archive,kafka)$/,
      expected: "off, kafka, archive or kafka,archive",
    },
    "off",
  ),
  auditTopic: env.text("KAFKA_AUDIT_TOPIC", TOPIC, "bellwether.audit"),
  alertsTopic: env.text("KAFKA_ALERTS_TOPIC", TOPIC, "bellwether.alerts"),
  archiveUrl: env.optional({
    ...env.text("BELLWETHER_EVENT_ARCHIVE_URL", {
      pattern: /^(?:(?:s3|azure):\/\/|file:).{1,4000}$/s,
      expected: "s3://BUCKET/PREFIX, azure://CONTAINER/PREFIX or file:FOLDER, without credentials",
    }),
    secret: true,
  }),
  ...KAFKA_ENV,
  ...AZURE_ENV,
};

/** Where alerts and audit events are sent. */
export interface ExportSettings {
  readonly kafka?: KafkaExportSettings;
  readonly archive?: { readonly url: string; readonly azure: AzureCredentials };
}

/** Returns the settings. Undefined: nothing is exported. @throws Error with one line that names the variable */
export function readExportSettings(config: EnvOf<typeof EXPORT_ENV>): ExportSettings | undefined {
  const { eventSinks, auditTopic, alertsTopic, archiveUrl } = config;
  if (archiveUrl !== null) checkArchiveUrl(archiveUrl);
  const sinks = eventSinks.split(",");
  if (sinks.includes("off")) return undefined;
  if (sinks.includes("archive") && archiveUrl === null)
    throw new Error("BELLWETHER_EVENT_SINKS names archive, which needs BELLWETHER_EVENT_ARCHIVE_URL: set it");
  const connection = () => toCloneable(readKafkaSettings(config, "BELLWETHER_EVENT_SINKS", "bellwether-ops-service"));
  return {
    ...(sinks.includes("kafka") && {
      kafka: { topics: { audit: auditTopic, alerts: alertsTopic }, connection: connection() },
    }),
    ...(sinks.includes("archive") &&
      archiveUrl !== null && {
        archive: { url: archiveUrl, azure: azureCredentials(config) },
      }),
  };
}

/** A key of the error can contain a part of a secret, so that only messages that quote nothing are shown. */
function checkArchiveUrl(url: string): void {
  try {
    parseStoreUrl(url);
  } catch (error) {
    const problem = error instanceof StoreUrlError ? error.message : "its prefix is not a valid key of an object";
    throw new Error(`BELLWETHER_EVENT_ARCHIVE_URL: ${problem}`);
  }
}
