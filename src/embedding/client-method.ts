import type { ClientDialect } from './dialect';
import type { Guard } from './guard';

/** A method of a client that makes requests. */
export type Method = (...args: never[]) => PromiseLike<unknown>;

/**
 * The signature of such a method that answers in one piece: in the SDKs, which overload it by `stream`, the first of three.
 * It is taken from the client that is given, so that every version of an SDK has its own types.
 */
export type InOnePiece<F extends Method> = F extends {
  (body: infer Body, options?: infer Options): PromiseLike<infer Reply>;
  (...args: never[]): unknown;
  (...args: never[]): unknown;
}
  ? unknown extends Body
    ? Alone<F>
    : (body: Body, options?: Options) => Promise<Reply>
  : never;

/** A method without overloads. */
type Alone<F> = F extends (body: infer Body, options?: infer Options) => PromiseLike<infer Reply>
  ? (body: Body, options?: Options) => Promise<Reply>
  : never;

/** The method of a client, through a guard. The protocol says what it takes and gives, whatever types its version has. */
export function guardedMethod<Create extends Method, Params, Reply>(
  guard: Guard,
  dialect: ClientDialect<Params, Reply>,
  owner: { readonly create: Create },
): InOnePiece<Create> {
  type Call = (this: object, body: Params, ...options: unknown[]) => PromiseLike<Reply>;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- by protocol
  const call = owner.create as unknown as Call;
  const guarded = (body: Params, ...options: unknown[]): Promise<Reply> =>
    guard.exchange(dialect, body, (sent) => call.call(owner, sent, ...options));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- by protocol
  return guarded as unknown as InOnePiece<Create>;
}
