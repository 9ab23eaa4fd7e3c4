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
