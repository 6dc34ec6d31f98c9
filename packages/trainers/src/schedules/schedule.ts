/** How the learning rate moves over a training. Pure. */
export interface Schedule {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** Learning rate as a multiple of the base rate, from the step (counted from 0) and the number of steps. */
  multiple(step: number, steps: number): number;
}
