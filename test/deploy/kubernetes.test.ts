import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { BINDINGS } from '../../src/config/environment';
import { SECRET_FILE_VARIABLES } from '../../src/config/secret-files';
import {
  manifestSchema,
  readManifests,
  render,
  workloads,
  type Container,
  type Manifest,
  type Workload,
} from './manifests';

const ROOT = join(__dirname, '..', '..');
const execute = promisify(execFile);

/** The package has no types of v1 yet, which took over v1beta1 as it was. */
function typed(manifest: Manifest): Manifest {
  const { apiVersion } = manifest;
  return { ...manifest, apiVersion: apiVersion.replace(/^(external-secrets\.io)\/v1$/, '$1/v1beta1') };
}

/** What is wrong by the schemas of the kinds. */
async function violations(manifests: readonly Manifest[]): Promise<string> {
  const check = spawn(process.execPath, [join(ROOT, 'scripts', 'check-manifests.mjs')]);
  const said = Promise.all([textOf(check.stdout), textOf(check.stderr), once(check, 'exit')]);
  check.stdin.end(JSON.stringify(manifests.map(typed)));
  const [stdout, stderr] = await said;
  return stdout + stderr;
}

/** What is wrong by the types of the kinds, which know of every field that there is. */
async function unknownFields(manifests: readonly Manifest[]): Promise<string> {
  const cache = join(ROOT, 'node_modules', '.cache', 'tinman');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'manifests-'));
  try {
    const lines = manifests.map(typed).flatMap((manifest, index) => {
      const { apiVersion, kind } = manifest;
      const [group = ''] = apiVersion.split('/');
      const name = { 'keda.sh': 'keda', 'monitoring.coreos.com': 'prometheus-operator' }[group];
      const scope = group === 'external-secrets.io' ? 'external-secrets' : name;
      const model = `${scope === undefined ? 'kubernetes-models' : `@kubernetes-models/${scope}`}/${apiVersion}/${kind}`;
      const type = `import('${model}').I${kind}`;
      return [`export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`];
    });
    await writeFile(join(folder, 'manifests.ts'), lines.join('\n'));
    const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', types: [] };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['manifests.ts'] }),
    );
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await execute(process.execPath, [tsc, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const containerOf = (workload: Workload): Container => {
  const [container, ...others] = workload.spec.template.spec.containers;
  if (container === undefined || others.length > 0) throw new Error('one container is expected');
  return container;
};

describe.each(['base', 'overlays/local', 'overlays/production'])('k8s/%s', (folder) => {
  let manifests: readonly Manifest[];
  beforeAll(async () => void (manifests = await render(folder)));

  it('has objects that are right by schema and types', async () => {
    expect(await violations(manifests)).toBe('');
    expect(await unknownFields(manifests)).toBe('');
  }, 120_000);

  it('has pods that a restricted namespace admits, with limits, and probes where they serve', () => {
    for (const workload of workloads(manifests)) {
      const { livenessProbe, readinessProbe } = containerOf(workload);
      expect([workload.kind, livenessProbe !== undefined, readinessProbe !== undefined]).toEqual([
        workload.kind,
        workload.kind === 'Deployment',
        workload.kind === 'Deployment',
      ]);
    }
  });

  it('holds no secret', () => {
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  it('sets variables that Tinman reads', () => {
    const known = [...Object.keys(BINDINGS), ...SECRET_FILE_VARIABLES, 'TINMAN_CONFIG'];
    const ours = workloads(manifests).filter(({ metadata }) => metadata.name.startsWith('tinman'));
    const names = ours.flatMap((workload) => containerOf(workload).env.map(({ name }) => name));
    expect(ours).toHaveLength(3);
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });
});

it('finds what is wrong with a manifest', async () => {
  const [deployment] = await readManifests('base/api-deployment.yaml');
  const text = JSON.stringify(deployment)
    .replace('"maxSurge":1', '"maxSurge":[1]')
    .replace('"args"', '"arguments"');
  const broken = manifestSchema.parse(JSON.parse(text));
  expect(await violations([broken])).toContain('maxSurge');
  expect(await unknownFields([broken])).toContain(`'"arguments"' does not exist`);
}, 60_000);

describe('the deployments', () => {
  it('are those of the document that the user gave: names, ports, probes and resources', async () => {
    const [api, worker] = workloads(await render('base')).filter(({ kind }) => kind === 'Deployment');
    if (api === undefined || worker === undefined) throw new Error('api and worker are expected');
    expect(api.metadata.name).toBe('tinman');
    expect(containerOf(api)).toMatchObject({
      name: 'tinman',
      image: 'tinman:latest',
      ports: [{ containerPort: 8000 }, { containerPort: 9090 }],
      readinessProbe: { httpGet: { path: '/ready', port: 'http' }, initialDelaySeconds: 10 },
      livenessProbe: { httpGet: { path: '/live', port: 'http' }, initialDelaySeconds: 30 },
      resources: { requests: { memory: '512Mi', cpu: '500m' }, limits: { memory: '2Gi', cpu: '2000m' } },
    });
    expect(containerOf(worker).resources).toEqual(containerOf(api).resources);
  });

  it('leave a worker the time it takes to end in order', async () => {
    const source = await readFile(join(ROOT, 'src', 'temporal', 'worker.ts'), 'utf8');
    const [, force = ''] = /shutdownForceTime: '(\d+) seconds'/.exec(source) ?? [];
    const worker = workloads(await render('base')).find(({ metadata }) => metadata.name === 'tinman-worker');
    expect(worker?.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(force) + 10);
  });

  it('of production run an image of a version, and workers by the backlog of their task queue', async () => {
    const manifests = await render('overlays/production');
    const images = workloads(manifests).map((workload) => containerOf(workload).image);
    expect(images.filter((image) => !/:\d+\.\d+\.\d+$/.test(image))).toEqual([]);
    const scaler = manifests.find(({ kind }) => kind === 'ScaledObject');
    expect(scaler).toMatchObject({
      spec: {
        scaleTargetRef: { name: 'tinman-worker' },
        triggers: [{ type: 'temporal', metadata: { taskQueue: 'tinman', queueTypes: 'workflow,activity' } }],
      },
    });
  });
});

it('the example names every secret that is asked for', async () => {
  const examples = await readManifests('secrets.example.yaml');
  const asked = [
    ...JSON.stringify(await render('base')).matchAll(/"secretKeyRef":\{"name":"([^"]+)","key":"([^"]+)"/g),
  ];
  expect(asked.length).toBeGreaterThan(2);
  for (const [, name, key = ''] of asked) {
    const secret = examples.find(({ metadata }) => metadata.name === name);
    expect([name, Object.keys(secret?.['stringData'] ?? {})]).toEqual([name, expect.arrayContaining([key])]);
  }
});
