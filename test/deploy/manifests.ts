import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyPatch, type Operation } from 'fast-json-patch';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

const KUBERNETES = join(__dirname, '..', '..', 'k8s');

/** One object of Kubernetes, as far as these tests look into it. */
export const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Strict: what is not here is not rendered by {@link render}. */
const kustomizationSchema = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string().optional(),
  labels: z.array(z.strictObject({ pairs: z.record(z.string(), z.string()) })).default([]),
  resources: z.array(z.string()),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })).default([]),
  patches: z
    .array(
      z.strictObject({
        target: z.strictObject({ kind: z.string(), name: z.string() }),
        patch: z.string(),
      }),
    )
    .default([]),
});

/** The objects of a folder, as `kubectl kustomize` gives them but for their order. Patches are RFC 6902. */
export async function render(folder: string): Promise<Manifest[]> {
  const path = join(KUBERNETES, folder);
  const kustomization = kustomizationSchema.parse(
    parse(await readFile(join(path, 'kustomization.yaml'), 'utf8')),
  );
  const found = await Promise.all(
    kustomization.resources.map((name) =>
      name.endsWith('.yaml') ? readManifests(join(folder, name)) : render(join(folder, name)),
    ),
  );
  const manifests = found.flat();
  for (const { target, patch } of kustomization.patches) {
    const one = manifests.filter(
      ({ kind, metadata }) => kind === target.kind && metadata.name === target.name,
    );
    if (one.length !== 1) throw new Error(`${folder} patches ${one.length} of ${JSON.stringify(target)}`);
    for (const manifest of one) applyPatch(manifest, operations(patch), true);
  }
  for (const manifest of manifests) {
    for (const { pairs } of kustomization.labels) label(manifest, pairs);
    if (kustomization.namespace !== undefined && manifest.kind !== 'Namespace') {
      manifest.metadata['namespace'] = kustomization.namespace;
    }
  }
  const renamed = kustomization.images.reduce(
    (text, { name, newName, newTag }) =>
      text.replaceAll(`"image":"${name}:latest"`, `"image":"${newName}:${newTag}"`),
    JSON.stringify(manifests),
  );
  return z.array(manifestSchema).parse(JSON.parse(renamed));
}

function label({ metadata }: Manifest, pairs: Readonly<Record<string, string>>): void {
  metadata['labels'] = {
    ...z.record(z.string(), z.string()).default({}).parse(metadata['labels']),
    ...pairs,
  };
}

function operations(patch: string): Operation[] {
  return z
    .array(z.strictObject({ op: z.enum(['add', 'replace']), path: z.string(), value: z.unknown() }))
    .parse(parse(patch));
}

/** The objects of a file under `k8s/`. */
export async function readManifests(file: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(join(KUBERNETES, file), 'utf8'), { merge: true });
  return documents.map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join('; ')}`);
    return manifestSchema.parse(document.toJS());
  });
}

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).optional(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
  ports: z.array(z.looseObject({ name: z.string(), containerPort: z.int() })).default([]),
  resources: z.object({
    limits: z.object({ cpu: z.string(), memory: z.string() }),
    requests: z.object({ cpu: z.string(), memory: z.string() }),
  }),
  securityContext: z.looseObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.boolean().optional(),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  readinessProbe: z.looseObject({}).optional(),
  livenessProbe: z.looseObject({}).optional(),
  startupProbe: z.looseObject({}).optional(),
});
export type Container = z.infer<typeof containerSchema>;

/** What runs pods; parsing it holds pods to what a restricted namespace admits, and to limits. */
const workloadSchema = z.looseObject({
  kind: z.enum(['Deployment', 'Job']),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        automountServiceAccountToken: z.literal(false),
        securityContext: z.looseObject({
          runAsNonRoot: z.literal(true),
          seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
        }),
        hostNetwork: z.never().optional(),
        hostPID: z.never().optional(),
        terminationGracePeriodSeconds: z.int().optional(),
        containers: z.array(containerSchema).min(1),
      }),
    }),
  }),
});
export type Workload = z.infer<typeof workloadSchema>;

export function workloads(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
    .map((manifest) => workloadSchema.parse(manifest));
}
