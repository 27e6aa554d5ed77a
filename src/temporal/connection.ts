import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { DomainError } from '../domain/errors';

/** Where Temporal is; TLS, API key and profile come from the environment that `@temporalio/envconfig` reads. */
export interface TemporalEndpoint {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
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
    return { ...loadClientConnectConfig().connectionOptions, address: endpoint.address };
  } catch (error) {
    throw new DomainError('invalid_configuration', `Temporal settings cannot be used: ${String(error)}`);
  }
}

async function reach<T>(endpoint: TemporalEndpoint, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError('not_ready', `Temporal does not answer at ${endpoint.address}: ${String(error)}`);
  }
}
