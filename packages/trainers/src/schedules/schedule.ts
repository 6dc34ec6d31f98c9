/** Learning rate as a multiple of the base rate, from the step (counted from 0) and the number of steps. Pure. */
export type Schedule = (step: number, steps: number) => number;
