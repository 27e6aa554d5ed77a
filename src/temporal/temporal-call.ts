import { isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { DomainError } from '../domain/errors';

/**
 * A call of the Temporal service, with its failures in the words of the domain.
 * @throws {DomainError} `not_ready` when the service does not answer, `cycle_already_ended` when the workflow is closed.
 */
export async function temporalCall<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw new DomainError('cycle_already_ended', 'the workflow of this cycle has ended');
    }
    if (error instanceof ServiceError || isGrpcServiceError(error)) {
      throw new DomainError('not_ready', `Temporal did not answer: ${error.message}`);
    }
    throw error;
  }
}
