import {
  type Dim,
  elementBytes,
  fail,
  type Graph,
  type PrepareOptions,
  type Program,
  sizeOf,
  type ValueInfo,
} from "@graft-ml/core";

/** Values that live on from run to run, with the programs that hold them. */
export interface Carried<State> {
  /** Where the values live: a device, a library. Values of one place mean nothing in another. */
  readonly place: object;
  readonly state: State;
  holders: number;
}

const holdings = new WeakMap<Program, Carried<unknown>>();

/** The values that `shares` asks for, or else first ones. */
export function carriedFor<State>(
  where: string,
  place: object,
  { shares, initial }: PrepareOptions,
  first: () => State,
): Carried<State> {
  if (shares === undefined) return { place, state: first(), holders: 0 };
  if (initial !== undefined) throw fail(where, "expected initial or shares; received both. Leave one of them out");
  const carried = holdings.get(shares);
  if (carried?.place !== place) {
    throw fail(
      where,
      "expected shares to be a program of this engine that carries values and is not released; received another one",
    );
  }
  return carried as Carried<State>;
}

/** Makes a program one of the holders. */
export function hold(program: Program, carried: Carried<unknown>): void {
  carried.holders++;
  holdings.set(program, carried);
}

/** Gives a program's share up; true for the last holder, which has to free the values. */
export function letGo(program: Program, carried: Carried<unknown>): boolean {
  holdings.delete(program);
  carried.holders--;
  return carried.holders === 0;
}

/** Refuses to share values with a graph that carries others, or these in other shapes. */
export function checkShared(
  where: string,
  graph: Graph,
  carry: Readonly<Record<string, string>>,
  found: Iterable<readonly [string, Omit<ValueInfo, "name">]>,
): void {
  const present = new Map(found);
  for (const name of new Set([...Object.keys(carry), ...present.keys()])) {
    const own = carry[name] === undefined ? undefined : declared(graph, name);
    const other = present.get(name);
    if (own === undefined || other === undefined || !fits(own, other)) {
      throw fail(
        where,
        `expected programs that share values to carry the same; "${name}" is ${said(other)} in one, ${said(own)} in the other`,
      );
    }
  }
}

/** Bytes of a graph's carried inputs. */
export function carriedBytes(graph: Graph, { carry = {} }: PrepareOptions): number {
  const size = ({ dtype, dims }: ValueInfo): number =>
    sizeOf(dims.map((dim) => (typeof dim === "number" ? dim : 1))) * elementBytes(dtype);
  return graph.inputs.reduce((sum, input) => sum + (carry[input.name] === undefined ? 0 : size(input)), 0);
}

function declared(graph: Graph, name: string): Omit<ValueInfo, "name"> | undefined {
  return graph.inputs.find((input) => input.name === name) ?? graph.initializers.get(name);
}

function fits(own: Omit<ValueInfo, "name">, value: Omit<ValueInfo, "name">): boolean {
  const same = (dim: Dim, i: number): boolean => typeof dim === "string" || dim === value.dims[i];
  return own.dtype === value.dtype && own.dims.length === value.dims.length && own.dims.every(same);
}

function said(value: Omit<ValueInfo, "name"> | undefined): string {
  return value === undefined ? "missing" : `${value.dtype} [${value.dims.join(", ")}]`;
}
