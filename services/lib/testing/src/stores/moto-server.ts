import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { type InstalledTool, installOnce, type MissingTool } from "./install-once.ts";
import { startListening } from "./start-listening.ts";

const REQUIREMENTS = path.resolve(import.meta.dirname, "../../requirements-moto.txt");
const INSTALL_MS = 300_000;

/** An S3 in memory, of moto, with one bucket. */
export interface MotoServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
}

/** Credentials that moto accepts. It accepts any. */
export const MOTO_ENV = { AWS_ACCESS_KEY_ID: "test-key-id", AWS_SECRET_ACCESS_KEY: "test-secret-key" } as const;

/** Makes the virtual environment with moto, once per machine. Needs Python with venv and pip. */
export function installMoto(): Promise<InstalledTool | MissingTool> {
  const run = promisify(execFile);
  return installOnce("moto", REQUIREMENTS, async (folder) => {
    await run("python3", ["-m", "venv", folder], { timeout: INSTALL_MS });
    const pip = ["-m", "pip", "--disable-pip-version-check", "-q", "install", "-r", REQUIREMENTS];
    await run(path.join(folder, "bin/python"), pip, { timeout: INSTALL_MS });
  });
}

/** Starts moto's server on a free port and creates a bucket. */
export async function startMoto({ folder }: InstalledTool, bucket = "bellwether-test"): Promise<MotoServer> {
  const python = path.join(folder, "bin/python");
  const server = await startListening(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], {
    ready: /Running on (http:\/\/127\.0\.0\.1:\d+)/,
    name: "moto",
  });
  const endpoint = server.address;
  // moto reads the service from the scope of the signature, which it does not verify.
  const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request";
  const made = await fetch(`${endpoint}/${bucket}`, { method: "PUT", headers: { authorization } });
  if (!made.ok) throw new Error(`moto did not create the bucket: ${made.status} ${await made.text()}`);
  return { endpoint, bucket, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
