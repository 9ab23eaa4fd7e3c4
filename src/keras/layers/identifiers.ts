/** What options of layers take for activations, initializers, regularizers and constraints. Reading them is their modules'. */
import type { Activation } from '../activations.ts';
import type { Named, Serialized } from '../serialization.ts';

/** A name (`'relu'`), a function of a tensor, or a configuration; null for `linear`. */
export type ActivationIdentifier = string | Activation | Serialized | null;

/** A name (`'l2'`), an object, a class, a function, or a configuration. */
export type ObjectIdentifier =
  | string
  | Named
  | Serialized
  | { call(...args: never[]): unknown }
  | (new (
      ...args: never[]
    ) => object);

/** What layers of a kernel and a bias take. */
export interface KernelOptions {
  readonly activation?: ActivationIdentifier;
  readonly useBias?: boolean;
  /** Glorot's uniform without it. */
  readonly kernelInitializer?: ObjectIdentifier;
  /** Zeros without it. */
  readonly biasInitializer?: ObjectIdentifier;
  readonly kernelRegularizer?: ObjectIdentifier | null;
  readonly biasRegularizer?: ObjectIdentifier | null;
  readonly activityRegularizer?: ObjectIdentifier | null;
  readonly kernelConstraint?: ObjectIdentifier | null;
  readonly biasConstraint?: ObjectIdentifier | null;
}
