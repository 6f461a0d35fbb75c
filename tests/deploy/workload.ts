import type { Manifest } from "./manifest.ts";

/** The parts of a pod that the tests check. */
export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly env?: readonly EnvVariable[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly VolumeMount[];
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly startupProbe: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe: Probe;
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
}

export interface EnvVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

export interface Volume {
  readonly name: string;
  readonly secret?: {
    readonly secretName: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
  readonly configMap?: {
    readonly name: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean };
  readonly emptyDir?: object;
}

/** A Deployment or StatefulSet. */
export interface Workload extends Manifest {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpec;
    };
    readonly volumeClaimTemplates?: readonly Manifest[];
  };
}

/** Returns the Deployments and StatefulSets of objects that the API's schema has accepted. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.filter(
    (manifest): manifest is Workload => manifest.kind === "Deployment" || manifest.kind === "StatefulSet",
  );
}

/** Returns the Deployments, which are this project's own services. */
export const servicesOf = (manifests: readonly Manifest[]): Workload[] =>
  workloadsOf(manifests).filter(({ kind }) => kind === "Deployment");

/** Returns the entries of a ConfigMap: variables or files. */
export function dataOf(manifests: readonly Manifest[], configMap: string): Readonly<Record<string, string>> {
  const found = manifests.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMap);
  if (!found) throw new Error(`no ConfigMap ${configMap}`);
  return found.data as Record<string, string>;
}
