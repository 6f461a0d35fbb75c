import https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import {
  ScheduleService,
  type WatchProgressResponse,
} from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { createClient } from "@connectrpc/connect";
import type { PodProcess } from "./pod-process.ts";

/** A statement about the services, and whether it is true. */
export interface Finding {
  readonly claim: string;
  readonly holds: boolean;
}

/**
 * Credentials of the operator: PEM texts of the certificate authority and of a client certificate, and an
 * admin token.
 */
export interface Operator {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly token: string;
}

const WEEK = "2026-W47";

/**
 * Sends each started service the requests of a probe, of a caller without a token and of the operator, and
 * runs a week on all of them together.
 */
export async function askServices(pods: ReadonlyMap<string, PodProcess>, operator: Operator): Promise<Finding[]> {
  const findings: Finding[] = [];
  const holds = (claim: string, found: boolean): number => findings.push({ claim, holds: found });
  const { ca, token } = operator;
  const web = (name: string, path: string, authorization?: string) =>
    ask({ port: pods.get(name)?.ports.web ?? 0, path, ca, ...(authorization && { authorization }) });

  for (const { name, ports } of pods.values()) {
    for (const page of ["/livez", "/readyz"]) {
      const { status } = await fetch(`http://127.0.0.1:${ports.admin}${page}`);
      holds(`${name} answers ${page}`, status === 200);
    }
  }
  holds("ops-service rejects a caller without a token", (await web("ops-service", "/alerts")).status === 401);
  holds("ops-service serves the dashboard over TLS", (await web("ops-service", "/")).text.includes("<title>"));

  const url = `https://localhost:${pods.get("scheduler-service")?.ports.grpc}`;
  using transport = createMeshTransport({ url, tls: operator, token: () => token });
  const schedules = createClient(ScheduleService, transport);
  const { jobId } = await schedules.triggerRun({ scheduleId: "weekly", isoWeek: WEEK });
  let last: WatchProgressResponse | undefined;
  for await (const progress of schedules.watchProgress({ jobId }, { timeoutMs: 120_000 })) last = progress;
  holds(
    `scheduler-service runs week ${WEEK} with ml-service and ops-service, with TLS and tokens: ${last?.rowsScored} of ${last?.rowsRead} rows scored ${last?.failure}`,
    last?.state === RunState.COMPLETE && last.rowsScored > 0n,
  );
  const alerts = await web("ops-service", "/alerts", `Bearer ${token}`);
  holds(
    "ops-service lists the alerts of that week to an admin",
    alerts.status === 200 && alerts.text.includes("supplier_id"),
  );
  holds(
    "ml-service sends its audit events to ops-service",
    await untilHolds(async () => {
      const { status, text } = await web("ops-service", "/audit", `Bearer ${token}`);
      return status === 200 && text.includes("batch.served");
    }),
  );
  for (const pod of pods.values()) {
    const { limitMib, peakMib } = pod.memory();
    holds(`${pod.name} took at most ${peakMib} of its ${limitMib} MiB`, peakMib < limitMib);
  }
  return findings;
}

const AUDIT_MS = 15_000;

async function untilHolds(claim: () => Promise<boolean>): Promise<boolean> {
  for (const until = Date.now() + AUDIT_MS; Date.now() < until; await delay(100)) if (await claim()) return true;
  return false;
}

interface Question {
  readonly port: number;
  readonly path: string;
  readonly ca: string;
  readonly authorization?: string;
}

function ask({ ca, authorization, ...where }: Question): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { accept: "text/html, application/json", ...(authorization && { authorization }) };
  return new Promise((resolve, reject) => {
    https
      .get({ host: "localhost", ca, headers, ...where }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      })
      .on("error", reject);
  });
}
