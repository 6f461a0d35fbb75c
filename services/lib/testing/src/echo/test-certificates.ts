import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** PEM texts of an authority, a server certificate for localhost and a client certificate named "ml-service". */
export interface TestCertificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Whether the machine has openssl, which creates the certificates. */
export function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Creates an authority and two certificates signed by it, valid for a day. */
export function makeCertificates(): TestCertificates {
  const folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-tls-"));
  try {
    return makeCertificatesIn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeCertificatesIn(folder: string): TestCertificates {
  const file = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "1",
    "-subj",
    "/CN=test authority",
  );
  const sign = (name: string, subject: string, alternatives: string) => {
    writeFileSync(file(`${name}.ext`), `subjectAltName=${alternatives}\n`);
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", `${name}.ext`];
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signed);
    return { cert: readFileSync(file(`${name}.pem`), "utf8"), key: readFileSync(file(`${name}.key`), "utf8") };
  };
  const server = sign("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1");
  const client = sign("client", "/CN=ml-service", "DNS:ml-service.local,URI:spiffe://bellwether/ml-service");
  return { ca: readFileSync(file("ca.pem"), "utf8"), server, client };
}
