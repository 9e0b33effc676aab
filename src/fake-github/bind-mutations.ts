import * as mutations from "./mutations/index.ts";
import type { World } from "./world.ts";

type Bound<M> = {
  [K in keyof M]: M[K] extends (world: World, ...rest: infer A) => infer R ? (...rest: A) => R : never;
};

/** The mutations without their first argument, the world. */
export type Mutations = Bound<typeof mutations>;

export function bindMutations(world: World): Mutations {
  const bound = Object.entries(mutations).map(([name, mutation]): [string, unknown] => [
    name,
    Function.prototype.bind.call(mutation, null, world),
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the entries are those of `mutations`, each without its world
  return Object.fromEntries(bound) as Mutations;
}
