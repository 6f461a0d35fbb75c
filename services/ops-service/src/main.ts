import { loadAlertRules } from "@bellwether/config/alert-rules";
import { loadRiskPolicy } from "@bellwether/config/risk-policy";
import { env, readEnv } from "@bellwether/env/env";
import { runService } from "@bellwether/mesh/server/run-service";
import { peerSettings, serverEnv, serverSettings } from "@bellwether/mesh/server/server-env";
import { providePostgres } from "@bellwether/postgres/embedded/provide-postgres";
import { createLogger } from "@bellwether/telemetry/logger";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry } from "@bellwether/telemetry/start-telemetry";
import { createOpsService } from "./service.ts";

const code = await runService(async (opened) => {
  const config = readEnv(process.env, {
    ...serverEnv("OPS_SERVICE", { grpc: 9080, web: 8080, admin: 9480 }),
    mlUrl: env.url("ML_SERVICE_URL", ["http", "https", "dns", "ipv4"], "http://127.0.0.1:9081"),
    dashboard: env.optional(env.path("OPS_SERVICE_DASHBOARD")),
    databaseUrl: env.optional(env.secretUrl("DATABASE_URL", ["postgres", "postgresql"])),
    dataDir: env.path("BELLWETHER_DATA_DIR", ".bellwether"),
    alertRules: env.path("BELLWETHER_ALERT_RULES", "config/alert_rules.yaml"),
    riskPolicy: env.path("BELLWETHER_RISK_POLICY", "config/risk_policy.yaml"),
    level: env.choice("BELLWETHER_LOG_LEVEL", ["debug", "info", "warn", "error", "silent"], "info"),
  });
  const alertRules = await loadAlertRules(config.alertRules);
  const riskPolicy = await loadRiskPolicy(config.riskPolicy);
  const settings = await serverSettings(config);
  const telemetry = opened.use(
    await startTelemetry({
      serviceName: "ops-service",
      serviceVersion: "0.1.0",
      settings: readOtelSettings(process.env),
    }),
  );
  const database = await providePostgres(config.databaseUrl, config.dataDir);
  opened.defer(database.stop);
  return opened.use(
    await createOpsService({
      ...settings,
      databaseUrl: database.url,
      alertRules,
      riskPolicy,
      mlUrl: config.mlUrl,
      calls: peerSettings(config),
      ...(config.dashboard !== null && { dashboard: config.dashboard }),
      logger: createLogger({ name: "ops-service", level: config.level }),
      telemetry,
    }),
  );
});
process.exit(code);
