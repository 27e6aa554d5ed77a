import { Client, Connection } from '@temporalio/client';
import type { ClientInterceptors } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { DomainError } from '../domain/errors';
import { EncryptionCodec, readCodecKeys } from './payload-codec';

/** Where Temporal is. */
export interface TemporalEndpoint {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Gives TLS, API key and profile, as `@temporalio/envconfig` reads them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Encrypts what Temporal keeps of inputs and results. */
  readonly codec?: EncryptionCodec;
}

/** Where a Temporal server listens, and the namespace it comes with, by convention. */
const CONVENTION = { address: '127.0.0.1:7233', namespace: 'default' } as const;

/**
 * The endpoint as configured; what is left open, or left at the conventional namespace, is taken from the profile of
 * `@temporalio/envconfig` (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE), then by convention.
 * @throws {DomainError} `invalid_configuration` for an unusable profile or key file.
 */
export function endpointOf(
  configured: {
    readonly address?: string;
    readonly namespace: string;
    readonly taskQueue: string;
    readonly encryptionKeyFile?: string;
  },
  env: TemporalEndpoint['env'],
): TemporalEndpoint {
  const profile = profileIn(env);
  const namespace = configured.namespace === CONVENTION.namespace ? profile.namespace : configured.namespace;
  return {
    address: configured.address ?? profile.connectionOptions.address ?? CONVENTION.address,
    namespace: namespace ?? CONVENTION.namespace,
    taskQueue: configured.taskQueue,
    env,
    ...(configured.encryptionKeyFile === undefined
      ? {}
      : { codec: new EncryptionCodec(readCodecKeys(configured.encryptionKeyFile)) }),
  };
}

/** @throws {DomainError} `not_ready` when nothing answers at the address, `invalid_configuration` for unusable settings. */
export async function connectClient(
  endpoint: TemporalEndpoint,
  interceptors: ClientInterceptors = {},
): Promise<Client> {
  const connection = await reach(endpoint, () => Connection.connect(connectOptions(endpoint)));
  return new Client({ connection, namespace: endpoint.namespace, interceptors, ...converterOf(endpoint) });
}

/** What client and worker must have in common to read each other's payloads. */
export function converterOf({ codec }: TemporalEndpoint): { readonly dataConverter?: DataConverter } {
  return codec === undefined ? {} : { dataConverter: { payloadCodecs: [codec] } };
}

/** Whether Temporal keeps what this client sends encrypted. */
export function isEncrypted({ options }: Client): boolean {
  return options.loadedDataConverter.payloadCodecs.length > 0;
}

/** @throws {DomainError} as `connectClient`. */
export function connectWorker(endpoint: TemporalEndpoint): Promise<NativeConnection> {
  return reach(endpoint, () => NativeConnection.connect(connectOptions(endpoint)));
}

function connectOptions({ address, env }: TemporalEndpoint): ClientConnectConfig['connectionOptions'] {
  return { ...profileIn(env).connectionOptions, address };
}

function profileIn(env: TemporalEndpoint['env']): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars: setVariables(env) });
  } catch (error) {
    throw new DomainError('invalid_configuration', `Temporal settings cannot be used: ${String(error)}`);
  }
}

function setVariables(env: TemporalEndpoint['env']): Record<string, string> {
  const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return Object.fromEntries(set);
}

async function reach<T>(endpoint: TemporalEndpoint, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError('not_ready', `Temporal does not answer at ${endpoint.address}: ${String(error)}`);
  }
}
