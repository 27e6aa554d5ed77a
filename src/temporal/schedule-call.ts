import {
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ServiceError,
} from '@temporalio/client';
import { DomainError } from '../domain/errors';
import { temporalCall } from './temporal-call';

/** `INVALID_ARGUMENT` of gRPC. */
const INVALID_ARGUMENT = 3;

/**
 * A call about a schedule, with its failures in the words of the domain.
 * @throws {DomainError} `not_found`, `state_conflict` when there is such a schedule already, `invalid_schedule` when Temporal cannot read it, `not_ready`.
 */
export async function scheduleCall<T>(id: string, call: () => Promise<T>): Promise<T> {
  return temporalCall(async () => {
    try {
      return await call();
    } catch (error) {
      throw refusalOf(id, error) ?? error;
    }
  });
}

function refusalOf(id: string, error: unknown): DomainError | undefined {
  if (error instanceof ScheduleNotFoundError)
    return new DomainError('not_found', `there is no schedule ${id}`);
  if (error instanceof ScheduleAlreadyRunning) {
    return new DomainError('state_conflict', `there is a schedule ${id} already`);
  }
  // What the SDK makes of a specification that the server cannot read.
  if (error instanceof TypeError) return invalid(error.message);
  if (!(error instanceof ServiceError) || !isGrpcServiceError(error.cause)) return undefined;
  const code: number = error.cause.code;
  return code === INVALID_ARGUMENT ? invalid(error.cause.details) : undefined;
}

function invalid(reason: string): DomainError {
  return new DomainError('invalid_schedule', `Temporal cannot read this schedule: ${reason}`);
}
