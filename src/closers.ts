/** What has to be closed again: in the opposite order, once, and all of it even where some of it fails. */
export class Closers {
  private readonly steps: (() => Promise<unknown>)[] = [];
  private closed: Promise<void> | undefined;

  readonly add = (step: () => Promise<unknown>): void => void this.steps.push(step);

  /** @throws {AggregateError} at the end, with everything that failed. */
  readonly close = (): Promise<void> => (this.closed ??= this.closeAll());

  private async closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const step of this.steps.toReversed()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be closed in order');
  }
}
