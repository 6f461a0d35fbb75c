/** TCP ports of a service's three listeners. */
export interface ServicePorts {
  /** Port of the gRPC listener. */
  readonly grpc: number;
  /** Port of the web listener: Connect, gRPC-Web, JSON, REST and the dashboard. */
  readonly web: number;
  /** Port of the admin listener: health and metrics. */
  readonly admin: number;
}

/** Ports of each service when its `<NAME>_GRPC_PORT`, `_WEB_PORT` and `_ADMIN_PORT` are not set. */
export const DEFAULT_PORTS = {
  OPS_SERVICE: { grpc: 9080, web: 8080, admin: 9480 },
  ML_SERVICE: { grpc: 9081, web: 8081, admin: 9481 },
  SCHEDULER_SERVICE: { grpc: 9082, web: 8082, admin: 9482 },
} as const satisfies Readonly<Record<string, ServicePorts>>;
