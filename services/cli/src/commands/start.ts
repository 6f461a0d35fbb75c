import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { listModels } from "@bellwether/registry/read-version";
import { Command } from "commander";
import { type CliContext, dataFolder, defaultModel, registryFolder } from "../cli-context.ts";
import { createReport } from "../report.ts";
import { DEMO_DEFAULTS, writeDemo } from "./demo.ts";
import { train } from "./train.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../../../..");
const READY_MS = 30_000;

/** Publishes a demo model when the registry has none of the default name. */
async function ensureModel(context: CliContext, say: (text: string) => void): Promise<void> {
  if ((await listModels(registryFolder(context))).includes(defaultModel(context))) return;
  const data = path.join(dataFolder(context), "demo");
  say(`no model yet: training one on ${DEMO_DEFAULTS.suppliers} demo suppliers`);
  if (!(await stat(path.join(data, "new_data_weekly.csv")).catch(() => null)))
    await writeDemo(data, DEMO_DEFAULTS, DEMO_DEFAULTS.seed, DEMO_DEFAULTS.week);
  const options = {
    config: path.join(REPOSITORY, "config/model_config.yaml"),
    mapping: path.join(REPOSITORY, "config/feature_mapping.yaml"),
    data,
    publish: true,
  };
  const { published, trained } = await train(options, context);
  say(
    `published ${published?.version}: AUC ${trained.evaluation.auc.toFixed(4)} (${trained.evaluation.baseline?.feature} alone: ${trained.evaluation.baseline?.auc.toFixed(4)})`,
  );
}

interface Address {
  readonly port: number;
}

/** Where a service's doors are. */
interface Addresses {
  readonly grpc: Address;
  readonly web: Address;
  readonly admin: Address;
}

/** Waits for a service to say where it listens. @throws Error when it ends first or says nothing for 30 s. */
async function listening(child: ChildProcess): Promise<Addresses> {
  const timeout = AbortSignal.timeout(READY_MS);
  const ended = once(child, "exit", { signal: timeout }).then(() => {
    throw new Error("ml-service ended while it was starting; the line above says why");
  });
  const told = once(child, "message", { signal: timeout }).then(
    ([message]) => (message as { addresses: Addresses }).addresses,
  );
  return Promise.race([told, ended]).catch((error: Error) => {
    throw error.name === "AbortError" ? new Error(`ml-service does not listen after ${READY_MS / 1000} s`) : error;
  });
}

/** `bellwether start` */
export function startCommand(context: CliContext): Command {
  return new Command("start")
    .description("Start the services; trains a demo model first when there is none.")
    .option("--json", "print the URLs as one line of JSON once ready")
    .addHelpText("after", "\nExample:\n  npm start")
    .action(async (options) => {
      const report = createReport(options);
      await ensureModel(context, report.line);
      const main = createRequire(import.meta.url).resolve("@bellwether/ml-service/main");
      const child = spawn(process.execPath, [main], {
        cwd: context.cwd,
        env: { ...context.env, BELLWETHER_LOG_LEVEL: context.env.BELLWETHER_LOG_LEVEL ?? "warn" },
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      const ended = once(child, "exit");
      const stop = () => child.kill("SIGTERM");
      process.on("SIGINT", stop).on("SIGTERM", stop);
      const { web, grpc, admin } = await listening(child).catch((error: unknown) => {
        stop();
        throw error;
      });
      const sample =
        '{"supplier_id":"S_00001","past_disputes":7,"financial_stability_index":0.42,"avg_delay":38,"late_ratio":0.45,"avg_payment_delay_days":51,"delivery_score":71,"annual_spend":420000,"contract_value":250000,"dispute_rate":0.2,"avg_delivery_quality":68}';
      report.line(
        `ml-service  http://localhost:${web.port}  (JSON, Connect, gRPC-Web)   localhost:${grpc.port}  (gRPC)   http://localhost:${admin.port}/readyz`,
      );
      report.line(`try:\n  curl -s localhost:${web.port}/predict -d '${sample}'`);
      report.line("Ctrl-C stops it.");
      report.json({
        ml_service: {
          web: `http://localhost:${web.port}`,
          grpc: `localhost:${grpc.port}`,
          admin: `http://localhost:${admin.port}`,
        },
      });
      const [code] = (await ended) as [number | null];
      if (code !== 0 && code !== null) throw new Error(`ml-service ended with exit code ${code}`);
    });
}
