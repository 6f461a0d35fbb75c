import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from "@bellwether/gen/grpc/health/v1/health_pb";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { experimental } from "@grpc/grpc-js";

/** Name of the load balancing policy: `{ bellwether_health: { child_policy: […] } }` in a service config. */
export const HEALTH_CHECKED = "bellwether_health";

/** Registers the policy with grpc-js. Needed once per process; further calls do nothing. */
export function registerHealthChecked(): void {
  if (experimental.isLoadBalancerNameRegistered(HEALTH_CHECKED)) return;
  experimental.registerLoadBalancerType(HEALTH_CHECKED, HealthChecked, HealthCheckedConfig);
}

class HealthCheckedConfig implements experimental.TypedLoadBalancingConfig {
  readonly child: experimental.TypedLoadBalancingConfig;

  constructor(child: experimental.TypedLoadBalancingConfig) {
    this.child = child;
  }

  getLoadBalancerName(): string {
    return HEALTH_CHECKED;
  }

  toJsonObject(): object {
    return { [HEALTH_CHECKED]: { child_policy: [this.child.toJsonObject()] } };
  }

  static createFromJson({ child_policy }: { child_policy: Parameters<typeof experimental.selectLbConfigFromList>[0] }) {
    const child = experimental.selectLbConfigFromList(child_policy);
    if (!child) throw new Error(`${HEALTH_CHECKED}: child_policy names no known policy`);
    return new HealthCheckedConfig(child);
  }
}

/**
 * Client-side health checking after gRFC A17, which grpc-js lacks. Every subchannel is watched with
 * grpc.health.v1, and a replica that reports NOT_SERVING gets no calls. A server without the health service
 * counts as serving.
 */
class HealthChecked implements experimental.LoadBalancer {
  readonly #child: experimental.ChildLoadBalancerHandler;

  constructor(helper: experimental.ChannelControlHelper) {
    this.#child = new experimental.ChildLoadBalancerHandler(
      experimental.createChildChannelControlHelper(helper, {
        createSubchannel: (address, args) => new WatchedSubchannel(helper.createSubchannel(address, args)),
      }),
    );
  }

  updateAddressList(...args: Parameters<experimental.LoadBalancer["updateAddressList"]>): boolean {
    const [endpoints, config, options, note] = args;
    if (!(config instanceof HealthCheckedConfig)) return false;
    return this.#child.updateAddressList(endpoints, config.child, options, note);
  }

  exitIdle(): void {
    this.#child.exitIdle();
  }

  resetBackoff(): void {
    this.#child.resetBackoff();
  }

  destroy(): void {
    this.#child.destroy();
  }

  getTypeName(): string {
    return HEALTH_CHECKED;
  }
}

const { READY, CONNECTING } = grpc.connectivityState;

/**
 * A subchannel that is READY only after its server has reported its health, and unhealthy while the server
 * reports NOT_SERVING.
 */
class WatchedSubchannel extends experimental.BaseSubchannelWrapper {
  readonly #listeners = new Set<experimental.ConnectivityStateListener>();
  /** Whether the server has reported its health on the current connection. */
  #known = false;
  #watch: grpc.ClientReadableStream<Status> | undefined;
  #holders = 0;
  readonly #onState: experimental.ConnectivityStateListener = (_, previous, now, keepalive, message) => {
    this.#stopWatching();
    if (now === READY) this.#startWatching();
    else for (const listener of this.#listeners) listener(this, previous, now, keepalive, message);
  };

  /** The first reference starts the watch. A subchannel that is never referenced is only dropped. */
  override ref(): void {
    super.ref();
    if (this.#holders++ > 0) return;
    this.child.addConnectivityStateListener(this.#onState);
    if (this.child.getConnectivityState() === READY) this.#startWatching();
  }

  override unref(): void {
    this.#holders--;
    super.unref();
  }

  override getConnectivityState(): grpc.connectivityState {
    const state = super.getConnectivityState();
    return state === READY && !this.#known ? CONNECTING : state;
  }

  override addConnectivityStateListener(listener: experimental.ConnectivityStateListener): void {
    this.#listeners.add(listener);
  }

  override removeConnectivityStateListener(listener: experimental.ConnectivityStateListener): void {
    this.#listeners.delete(listener);
  }

  protected override destroy(): void {
    this.child.removeConnectivityStateListener(this.#onState);
    this.#stopWatching();
    super.destroy();
  }

  #startWatching(): void {
    const client = new grpc.Client("health", grpc.credentials.createInsecure(), { channelOverride: this.getChannel() });
    const watch = client.makeServerStreamRequest(
      "/grpc.health.v1.Health/Watch",
      () => Buffer.from(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema))),
      (bytes) => fromBinary(HealthCheckResponseSchema, bytes).status,
      {},
    );
    this.#watch = watch;
    watch.on("data", (status: Status) => {
      if (this.#watch === watch) this.#learn(status === Status.SERVING);
    });
    watch.on("error", (error: grpc.ServiceError) => {
      if (this.#watch !== watch) return;
      // The server has no health service: it counts as serving until its connection changes state.
      this.#learn(error.code === grpc.status.UNIMPLEMENTED || error.code === grpc.status.UNAUTHENTICATED);
    });
  }

  #stopWatching(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    this.#known = false;
    watch?.cancel();
  }

  #learn(serving: boolean): void {
    this.setHealthy(serving);
    if (this.#known) return;
    this.#known = true;
    for (const listener of this.#listeners) listener(this, CONNECTING, READY, 0);
  }
}
