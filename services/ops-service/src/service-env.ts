import path from "node:path";
import { loadAlertRules } from "@bellwether/config/alert-rules";
import { outcomesOf } from "@bellwether/config/model-config";
import { loadModelFolders, type ModelFolder } from "@bellwether/config/model-folders";
import { loadModelPolicy } from "@bellwether/config/model-policy";
import { nameVariable } from "@bellwether/config/name-variable";
import { loadRiskPolicy, type RiskPolicy } from "@bellwether/config/risk-policy";
import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { env } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import type { ServiceSpec } from "@bellwether/mesh/server/run-service";
import { peerSettings } from "@bellwether/mesh/server/server-env";
import type { ServerOptions } from "@bellwether/mesh/server/start-server";
import { NARRATIVE_ENV } from "@bellwether/narrative/env/narrative-env";
import { openNarrator } from "@bellwether/narrative/env/open-narrator";
import { providePostgres } from "@bellwether/postgres/embedded/provide-postgres";
import { serviceRoleUrl } from "@bellwether/postgres/embedded/service-role-url";
import { createOpsService, type ModelFiles } from "./service.ts";
import { AUDIT_ENV, readAuditSettings } from "./setup/audit-env.ts";
import { EXPORT_ENV, readExportSettings } from "./setup/export-env.ts";
import { NOTICE_ENV, readNotices } from "./setup/notice-env.ts";
import { readOutcomeSpec } from "./setup/read-outcome-spec.ts";
import { pageUrl, readSignIn, SIGN_IN_ENV } from "./setup/sign-in-env.ts";

const OPS_ENV = {
  mlUrl: sharedEnv.mlUrl,
  schedulerUrl: sharedEnv.schedulerUrl,
  dashboard: env.optional(env.path("OPS_SERVICE_DASHBOARD")),
  databaseUrl: sharedEnv.databaseUrl,
  databaseOwnerUrl: env.optional(env.secretUrl("DATABASE_OWNER_URL", ["postgres", "postgresql"])),
  dataDir: sharedEnv.dataDir,
  alertRules: env.path("BELLWETHER_ALERT_RULES", "config/alert_rules.yaml"),
  riskPolicy: sharedEnv.riskPolicy,
  modelConfig: sharedEnv.modelConfig,
  model: sharedEnv.model,
  modelFolders: sharedEnv.modelFolders,
  apiKeysHold: sharedEnv.apiKeysHold,
  ...NARRATIVE_ENV,
  ...SIGN_IN_ENV,
  ...NOTICE_ENV,
  ...EXPORT_ENV,
  ...AUDIT_ENV,
};

/** Reads the rules and policies of the further models. @throws ConfigError with every violation of the first invalid file */
async function readFurtherModels(folders: readonly ModelFolder[], shared: RiskPolicy) {
  const models = new Map<string, ModelFiles>();
  for (const { name, alertRules, riskPolicy } of folders)
    models.set(name, {
      alertRules: await loadAlertRules(alertRules),
      riskPolicy: await loadModelPolicy(riskPolicy, shared),
    });
  return models;
}

/** The page behind a proxy that sends another Host has the origin of the public URL. */
function withPublicOrigin(publicUrl: string | null, web: ServerOptions["web"] = {}): Pick<ServerOptions, "web"> {
  if (publicUrl === null) return { web };
  return { web: { ...web, allowedOrigins: [...(web.allowedOrigins ?? []), pageUrl(publicUrl).origin] } };
}

/** ops-service as a process: reads its environment variables and starts it with them. */
export const OPS_SERVICE: ServiceSpec<typeof OPS_ENV> = {
  name: "ops-service",
  version: "0.1.0",
  ports: DEFAULT_PORTS.OPS_SERVICE,
  shape: OPS_ENV,
  async start(config, { settings, logger, telemetry, opened, source }) {
    const variables = {
      [config.alertRules]: "BELLWETHER_ALERT_RULES",
      [config.riskPolicy]: "BELLWETHER_RISK_POLICY",
    };
    const alertRules = await nameVariable(loadAlertRules(config.alertRules), variables);
    const riskPolicy = await nameVariable(loadRiskPolicy(config.riskPolicy), variables);
    const outcomes = await readOutcomeSpec(config.modelConfig, (message) => logger.warn(message));
    const defaultModel = outcomes.modelName ?? config.model;
    const folders = await loadModelFolders(config.modelFolders, defaultModel);
    const furtherModels = await readFurtherModels(folders, riskPolicy);
    if (folders.length > 0) logger.info({ default: defaultModel, further: [...furtherModels.keys()] }, "models");
    const signIn = await readSignIn(config, settings.auth !== undefined, (message) => logger.warn(message));
    const { settings: notices, none: noNotices } = await readNotices(config, source);
    if (noNotices) logger.warn(noNotices.text);
    const exports = readExportSettings(config);
    const audit = await readAuditSettings(config, (message) => logger.warn(message));
    const narrator = await openNarrator(config, logger);
    const database = await providePostgres(config.databaseUrl, config.dataDir);
    opened.defer(database.stop);
    // In an embedded server, the tables of the audit log belong to another role than that of the service.
    const isEmbedded = database.origin !== "given";
    const ownerUrl = config.databaseOwnerUrl?.reveal() ?? (isEmbedded ? database.url : undefined);
    return createOpsService({
      ...settings,
      ...withPublicOrigin(config.publicUrl, settings.web),
      databaseUrl: isEmbedded ? serviceRoleUrl(database.url) : database.url,
      ...(ownerUrl !== undefined && { databaseOwnerUrl: ownerUrl }),
      audit,
      alertRules,
      riskPolicy,
      ...{ defaultModel, furtherModels },
      outcomesOf: (modelName) => {
        const further = folders.find(({ name }) => name === modelName);
        return further === undefined ? outcomes.of(modelName) : outcomesOf(further.model);
      },
      mlUrl: config.mlUrl,
      ...(config.schedulerUrl !== null && { schedulerUrl: config.schedulerUrl }),
      calls: peerSettings(config),
      narrator,
      apiKeysHoldMs: config.apiKeysHold,
      ...(signIn && { signIn }),
      ...(notices && {
        notices: {
          ...notices,
          queueUrl: config.redisUrl?.reveal() ?? ownerUrl ?? database.url,
          ...(config.publicUrl !== null && { publicUrl: pageUrl(config.publicUrl) }),
        },
      }),
      ...(noNotices && { noNotices }),
      ...(exports && { exports: { ...exports, scratch: path.resolve(config.dataDir, "event-archive") } }),
      ...(config.dashboard !== null && { dashboard: config.dashboard }),
      logger,
      telemetry,
    });
  },
};
