import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import type { Client } from "@connectrpc/connect";
import type { CliContext } from "../context/cli-context.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";

/** Access to the suppliers of ops-service. */
export interface SupplierClient extends Disposable, Pick<OpsClient<typeof SupplierService>, "answer"> {
  readonly suppliers: Client<typeof SupplierService>;
}

/** Opens a connection to ops-service. @param url from --ops; undefined: from the environment */
export function openSuppliers(context: CliContext, url: string | undefined): SupplierClient {
  const { client, ...rest } = openOps(context, url, SupplierService);
  return { ...rest, suppliers: client };
}
