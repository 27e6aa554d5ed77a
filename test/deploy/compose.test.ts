import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020';
import { parse } from 'yaml';
import { z } from 'zod';
import { BINDINGS } from '../../src/config/environment';
import { SECRET_FILE_VARIABLES } from '../../src/config/secret-files';
import { unpackedWheel } from '../support/wheel';

const ROOT = join(__dirname, '..', '..');
const execute = promisify(execFile);

/** The schema of the Compose specification, as check-jsonschema vendors it with each release. */
const SCHEMA = { name: 'check-jsonschema', version: '0.39.0' };
const SHA256 = '14ce5c94871c551268ea948ffe21e9f1464dc48fb20bf9a4c13deeaaf756cf9b';

const serviceSchema = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({}).optional(),
  deploy: z.looseObject({
    resources: z.looseObject({ limits: z.object({ cpus: z.string(), memory: z.string() }) }),
  }),
});

const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

describe('docker-compose.yml', () => {
  let raw: unknown;
  let compose: z.infer<typeof composeSchema>;
  beforeAll(async () => {
    raw = parse(await readFile(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
    compose = composeSchema.parse(raw);
  });
  const services = () => Object.entries(compose.services);

  it('is right by the schema of the specification', async () => {
    const folder = await unpackedWheel({ ...SCHEMA, sha256: SHA256 });
    const file = join(folder, 'check_jsonschema', 'builtin_schemas', 'vendor', 'compose-spec.json');
    const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
    const schema = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
    const validate = ajv.compile(schema);
    validate(raw);
    expect(validate.errors).toBeNull();
    validate({ services: { api: { imagine: 'x' } } });
    expect(validate.errors).not.toBeNull();
  }, 120_000);

  it('has services with limits, of images of a version, on ports of this machine alone', () => {
    for (const [name, { image, ports }] of services()) {
      expect([name, image]).toEqual([name, expect.stringMatching(/:(v?\d|\$\{TINMAN_VERSION:-\d)/)]);
      expect([name, ports.filter((port) => !port.startsWith('127.0.0.1:'))]).toEqual([name, []]);
    }
    expect(compose.services['prometheus']?.ports).toEqual(['127.0.0.1:9091:9090']);
  });

  it('starts each service after what it needs is healthy or has ended well', () => {
    for (const [name, service] of services()) {
      for (const [other, { condition }] of Object.entries(service.depends_on)) {
        const needed = compose.services[other];
        const waited =
          condition === 'service_healthy' ? needed?.healthcheck !== undefined : needed !== undefined;
        expect([name, other, condition, waited]).toEqual([name, other, condition, true]);
        expect(condition).not.toBe('service_started');
      }
    }
    for (const name of ['api', 'worker']) {
      expect(compose.services[name]?.depends_on).toMatchObject({
        migrate: { condition: 'service_completed_successfully' },
      });
    }
  });

  it('mounts files that are there and secrets that are declared; sets variables that Tinman reads', async () => {
    const known = [...Object.keys(BINDINGS), ...SECRET_FILE_VARIABLES];
    for (const [name, service] of services()) {
      expect([name, service.secrets.filter((secret) => compose.secrets[secret] === undefined)]).toEqual([
        name,
        [],
      ]);
      const sources = service.volumes.map((volume) => volume.split(':')[0] ?? '');
      for (const file of sources.filter((source) => source.startsWith('./'))) await stat(join(ROOT, file));
      const volumes = sources.filter((source) => !source.startsWith('./'));
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes));
    }
    for (const name of ['migrate', 'api', 'worker']) {
      const names = Object.keys(compose.services[name]?.environment ?? {});
      expect([name, names.filter((variable) => !known.includes(variable))]).toEqual([name, []]);
    }
  });

  it('finds the secrets that its script makes, once and for all', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tinman-compose-'));
    try {
      await cp(join(ROOT, 'examples', 'compose'), join(folder, 'examples', 'compose'), { recursive: true });
      const make = () => execute('sh', [join(folder, 'examples', 'compose', 'make-secrets.sh')]);
      const secrets = join(folder, 'secrets');
      const read = async () =>
        Promise.all(
          (await readdir(secrets)).map(async (name) => [name, await readFile(join(secrets, name), 'utf8')]),
        );
      await make();
      const made = new Map((await read()).map(([name = '', secret = '']) => [`./secrets/${name}`, secret]));
      expect([...made.keys()].toSorted()).toEqual(
        Object.values(compose.secrets)
          .map(({ file }) => file)
          .toSorted(),
      );
      expect(made.get('./secrets/bootstrap_key')).toMatch(/^tinman_[0-9a-f]{32}_[\w-]{43}$/);
      expect(made.get('./secrets/audit_key')).toMatch(/^[0-9a-f]{64}$/);
      await make();
      expect(
        new Map((await read()).map(([name = '', secret = '']) => [`./secrets/${name}`, secret])),
      ).toEqual(made);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
