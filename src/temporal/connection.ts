import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { DomainError } from '../domain/errors';

/** Where Temporal is. */
export interface TemporalEndpoint {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Gives TLS, API key and profile, as `@temporalio/envconfig` reads them. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @throws {DomainError} `not_ready` when nothing answers at the address, `invalid_configuration` for unusable settings. */
export async function connectClient(endpoint: TemporalEndpoint): Promise<Client> {
  const connection = await reach(endpoint, () => Connection.connect(connectOptions(endpoint)));
  return new Client({ connection, namespace: endpoint.namespace });
}

/** @throws {DomainError} as `connectClient`. */
export function connectWorker(endpoint: TemporalEndpoint): Promise<NativeConnection> {
  return reach(endpoint, () => NativeConnection.connect(connectOptions(endpoint)));
}

function connectOptions(endpoint: TemporalEndpoint): ClientConnectConfig['connectionOptions'] {
  try {
    const { connectionOptions } = loadClientConnectConfig({ overrideEnvVars: setVariables(endpoint.env) });
    return { ...connectionOptions, address: endpoint.address };
  } catch (error) {
    throw new DomainError('invalid_configuration', `Temporal settings cannot be used: ${String(error)}`);
  }
}

function setVariables(env: TemporalEndpoint['env']): Record<string, string> {
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
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
